"""A framed panel that paints itself on a canvas and redraws only the lines that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import Palette

if TYPE_CHECKING:
    from cnnsim.tui.app import CnnsimApp


class Panel(Widget, can_focus=True):
    """Subclasses override `paint`. They hold the one immutable value they draw, nothing else.

    ``help_text`` is what ``?`` shows for the focused panel.
    """

    DEFAULT_CSS = "Panel { width: 1fr; height: 1fr; }"

    help_text: ClassVar[str] = ""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[list[Segment]] = []
        self._strips: list[Strip | None] = []
        self._painted: Size | None = None

    @property
    def cnnsim(self) -> CnnsimApp:
        """The app, with its type."""
        return cast("CnnsimApp", self.app)

    @property
    def palette(self) -> Palette:
        """The colours in force."""
        return self.cnnsim.palette

    def paint(self, canvas: Canvas) -> None:
        """Draw everything on `canvas`, which has the size of the panel."""

    def repaint(self) -> None:
        """Paint, and ask for the lines that came out different to be shown."""
        if not self.is_attached or not self.size:
            return
        before = self._rows
        self._rows = self._paint_rows()
        if len(before) != len(self._rows) or self._painted != self.size:
            self._painted = self.size
            self._strips = [None] * len(self._rows)
            self.refresh()
            return
        width = self.size.width
        changed = []
        for y, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if old != new:
                self._strips[y] = None
                changed.append(Region(0, y, width, 1))
        if changed:
            self.refresh(*changed)

    def _paint_rows(self) -> list[list[Segment]]:
        canvas = Canvas(self.size.width, self.size.height, self.palette.base)
        self.paint(canvas)
        return canvas.rows(ascii=self.cnnsim.ascii)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted rows. A panel that has not been painted at this size is painted now.

        This goes past Textual's own cache of styles: a panel has no border or padding, and its
        rows carry every style themselves.
        """
        if self._painted != self.size:
            self._painted = self.size
            self._rows = self._paint_rows()
            self._strips = [None] * len(self._rows)
        whole = crop.x == 0 and crop.width == self.size.width
        strips = [self._strip(y) for y in range(crop.y, crop.bottom)]
        return strips if whole else [strip.crop(crop.x, crop.right) for strip in strips]

    def _strip(self, y: int) -> Strip:
        """A row as Textual wants it, made once."""
        if y >= len(self._rows):
            return Strip.blank(self.size.width, self.palette.base)
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = Strip(self._rows[y], self.size.width)
        return strip

    def forget(self) -> None:
        """Paint anew at the next chance, in full: the colours or glyphs have changed."""
        self._painted = None
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """A new size needs a new picture."""
        self.forget()

    def on_focus(self, event: events.Focus) -> None:
        """The border brightens."""
        self.repaint()

    def on_blur(self, event: events.Blur) -> None:
        """The border goes quiet."""
        self.repaint()
