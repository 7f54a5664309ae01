"""The sheet to draw on, with mouse and keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import BLOCKS, MAP, CellClass, blocks
from cnnsim.tui.drawing.plane import Plane, draw_plane, size_of
from cnnsim.tui.pad.sheet import Ink, Place
from cnnsim.tui.widgets.panel import Panel

#: The mouse button that erases.
_RIGHT = 3


class PadPanel(Panel):
    """Shows the sheet, and tells where the pen goes."""

    help_text = """\
Drag with the left button to draw, with the right one to erase. With the keyboard the arrows move
the pen and space puts it down or lifts it. x clears, u takes back, r shows a test digit, enter
steps through what the net does with the picture."""

    class Stroked(Message):
        """The pen moved over the sheet, from `start` to `end`; `begins` a new stroke."""

        def __init__(self, start: Place, end: Place, erase: bool, begins: bool) -> None:
            super().__init__()
            self.start, self.end = start, end
            self.erase, self.begins = erase, begins

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ink: Ink | None = None
        self._pen: tuple[int, int] | None = None
        self._title: Sequence[Piece] = ()
        self._bottom: Sequence[Piece] = ()
        self._corner = (1, 1)
        self._last: Place | None = None
        self._erases = False

    def show(
        self,
        ink: Ink,
        pen: tuple[int, int] | None,
        title: Sequence[Piece],
        bottom: Sequence[Piece] = (),
    ) -> None:
        """Set the sheet, and the pen where the keyboard moves it."""
        self._ink, self._pen, self._title, self._bottom = ink, pen, title, bottom
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The frame, and the sheet in its middle."""
        canvas.frame(
            self.palette, title=self._title, bottom_left=self._bottom, focused=self.has_focus
        )
        if self._ink is None:
            return
        plane = Plane(self._ink, scale=1.0, picture=True, mode="colours", now=self._pen)
        cls = self._class
        width, height = size_of(plane, cls)
        room = (canvas.width - 2, canvas.height - 2)
        self._corner = (1 + max((room[0] - width) // 2, 0), 1 + max((room[1] - height) // 2, 0))
        draw_plane(canvas, *self._corner, plane, cls, self.palette)

    @property
    def _class(self) -> CellClass:
        """Two columns and a row for each pixel where there is room, else half a row."""
        if self._ink is None:
            return MAP
        rows, columns = self._ink.shape
        if BLOCKS.size(rows, columns)[0] + 2 <= self.size.width and rows + 2 <= self.size.height:
            return BLOCKS
        return blocks(1) if self.cnnsim.ascii else MAP

    def _place(self, event: events.MouseEvent) -> Place | None:
        """The pixel under the mouse, which may be beyond the edge."""
        if self._ink is None:
            return None
        cls = self._class
        column, row = int(event.x) - self._corner[0], int(event.y) - self._corner[1]
        if cls.name == "map":
            # A row of half blocks is two pixels: the pen goes between them.
            return row * 2 + 0.5, float(column)
        return float(row // cls.height), float(column // cls.width)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the pen down."""
        place = self._place(event)
        if place is None:
            return
        self._erases = event.button == _RIGHT
        self._last = place
        self.capture_mouse()
        self.post_message(self.Stroked(place, place, self._erases, True))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw on, for as long as the pen is down."""
        place = self._place(event)
        if self._last is None or place is None or place == self._last:
            return
        self.post_message(self.Stroked(self._last, place, self._erases, False))
        self._last = place

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lift the pen."""
        self._last = None
        self.release_mouse()
