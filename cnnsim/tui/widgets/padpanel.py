"""The sheet to draw on, with mouse and keys."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import BLOCKS, MAP, CellClass, finest
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit, size_of
from cnnsim.tui.pad.sheet import Ink, Place
from cnnsim.tui.widgets.panel import Panel

#: The mouse button that erases.
_RIGHT = 3


class PadPanel(Panel):
    """Shows the sheet, and tells where the pen goes."""

    help_text = """\
Drag with the left button to draw, with the right one to erase. With the keyboard the arrows move
the pen and space puts it down or lifts it. x clears, u takes back, r shows a test digit, enter
steps through what the net does with the picture. Nets for 8×8 pictures know digits as high as the
sheet, and a 7 with a bar across."""

    class Stroked(Message):
        """The pen moved over the sheet, from `start` to `end`; `begins` a new stroke.

        `reach` is how far off the pixels may be that stand under the mouse with these places.
        """

        def __init__(
            self, start: Place, end: Place, erase: bool, begins: bool, reach: float
        ) -> None:
            super().__init__()
            self.start, self.end = start, end
            self.erase, self.begins, self.reach = erase, begins, reach

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ink: Ink | None = None
        self._pen: tuple[int, int] | None = None
        self._title: Sequence[Piece] = ()
        self._bottom: Sequence[Piece] = ()
        self._corner = (1, 1)
        #: Pixels of the sheet, in either direction, that one pixel shown stands for.
        self._step = 1
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
        room = (canvas.width - 2, canvas.height - 2)
        plane, self._step = fit(plane, *room, cls)
        width, height = size_of(plane, cls)
        self._corner = (1 + max((room[0] - width) // 2, 0), 1 + max((room[1] - height) // 2, 0))
        draw_plane(canvas, *self._corner, plane, cls, self.palette)
        self._draw_edge(canvas, *self._corner, width, height)

    def _draw_edge(self, canvas: Canvas, x: int, y: int, width: int, height: int) -> None:
        """A line round the sheet; where the panel ends beside it, its frame is the edge."""
        style = self.palette.faint
        left, top, right, bottom = x - 1, y - 1, x + width, y + height
        beside = [column for column in (left, right) if 0 < column < canvas.width - 1]
        for column in beside:
            canvas.fill(column, y, 1, height, "│", style)
        for row, corners in ((top, "┌┐"), (bottom, "└┘")):
            if 0 < row < canvas.height - 1:
                canvas.put(x, row, "─" * width, style)
                for column in beside:
                    canvas.put(column, row, corners[column == right], style)

    @property
    def _class(self) -> CellClass:
        """Two columns and a row for each pixel where there is room, else half a row."""
        if self._ink is None:
            return MAP
        rows, columns = self._ink.shape
        if BLOCKS.size(rows, columns)[0] + 2 <= self.size.width and rows + 2 <= self.size.height:
            return BLOCKS
        return finest(self.cnnsim.ascii)

    def _place(self, event: events.MouseEvent) -> Place | None:
        """The pixel under the mouse, which may be beyond the edge; of several their middle."""
        if self._ink is None:
            return None
        cls = self._class
        column, row = int(event.x) - self._corner[0], int(event.y) - self._corner[1]
        down, across = self._pixels
        return (
            row // cls.height * down + (down - 1) / 2,
            column // cls.width * across + (across - 1) / 2,
        )

    @property
    def _pixels(self) -> tuple[int, int]:
        """Rows and columns of the sheet under one place of the mouse."""
        # A row of half blocks is two rows of pixels.
        return self._step * (2 if self._class.name == "map" else 1), self._step

    def _stroke(self, start: Place, end: Place, begins: bool) -> None:
        down, across = self._pixels
        reach = hypot(down - 1, across - 1) / 2
        self.post_message(self.Stroked(start, end, self._erases, begins, reach))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the pen down."""
        place = self._place(event)
        if place is None:
            return
        self._erases = event.button == _RIGHT
        self._last = place
        self.capture_mouse()
        self._stroke(place, place, True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw on, for as long as the pen is down."""
        place = self._place(event)
        if self._last is None or place is None or place == self._last:
            return
        self._stroke(self._last, place, False)
        self._last = place

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lift the pen."""
        self._last = None
        self.release_mouse()
