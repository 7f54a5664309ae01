"""A framed panel that paints itself on a canvas and redraws only the lines that changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

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
        self._strips: list[Strip] = []
        self._painted: Canvas | None = None

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
        # Textual works the size out each time it is asked for.
        size = self.size
        if not self.is_attached or not size:
            return
        if self._painted is None or self._painted.size != size:
            self._paint_all(size)
            self.refresh()
            return
        before = self._painted
        self._painted = self._painting(size)
        changed = self._painted.changed_rows(before, self.cnnsim.ascii)
        for y, row in changed.items():
            self._strips[y] = Strip(row, size.width)
        if changed:
            self.refresh(*_regions(sorted(changed), size.width))

    def _painting(self, size: Size) -> Canvas:
        canvas = Canvas(size.width, size.height, self.palette.base)
        self.paint(canvas)
        return canvas

    def _paint_all(self, size: Size) -> None:
        self._painted = self._painting(size)
        rows = self._painted.rows(self.cnnsim.ascii)
        self._strips = [Strip(row, size.width) for row in rows]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted rows. A panel that has not been painted at this size is painted now.

        This goes past Textual's own cache of styles: a panel has no border or padding, and its
        rows carry every style themselves.
        """
        size = self.size
        if self._painted is None or self._painted.size != size:
            self._paint_all(size)
        whole = crop.x == 0 and crop.width == size.width
        blank = Strip.blank(size.width, self.palette.base)
        strips = [
            self._strips[y] if y < len(self._strips) else blank for y in range(crop.y, crop.bottom)
        ]
        return strips if whole else [strip.crop(crop.x, crop.right) for strip in strips]

    def forget(self) -> None:
        """Paint anew at the next chance, in full: the colours or glyphs have changed."""
        self._painted = None
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """A new size needs a new picture."""
        self.forget()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The border brightens, or goes quiet. At Textual's events it is not known yet."""
        super().watch_has_focus(has_focus)
        self.repaint()


def _regions(rows: list[int], width: int) -> Iterator[Region]:
    """The rows as few regions: neighbours are refreshed together."""
    first = previous = rows[0]
    for row in rows[1:]:
        if row != previous + 1:
            yield Region(0, first, width, previous + 1 - first)
            first = row
        previous = row
    yield Region(0, first, width, previous + 1 - first)
