"""One matrix in a frame, as large as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import ENLARGED, CellClass, L, choose_class
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit, size_of, value_width
from cnnsim.tui.widgets.panel import Panel


class PlanePanel(Panel, can_focus=False):
    """Numbers where they fit, else colours."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._plane: Plane | None = None
        self._title: Sequence[Piece] = ()
        self._bottom: Sequence[Piece] = ()

    def show(
        self, plane: Plane | None, title: Sequence[Piece], bottom: Sequence[Piece] = ()
    ) -> None:
        """Set what is drawn; None is an empty frame."""
        self._plane, self._title, self._bottom = plane, title, bottom
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The frame, and the plane in its middle."""
        canvas.frame(self.palette, title=self._title, bottom_right=self._bottom)
        if self._plane is None:
            return
        room = (canvas.width - 2, canvas.height - 2)
        cls = self._class(self._plane, *room)
        plane, _ = fit(self._plane, *room, cls) if cls.is_map else (self._plane, 1)
        width, height = size_of(plane, cls)
        x, y = 1 + max((room[0] - width) // 2, 0), 1 + max((room[1] - height) // 2, 0)
        draw_plane(canvas, x, y, plane, cls, self.palette)

    def _class(self, plane: Plane, width: int, height: int) -> CellClass:
        if plane.mode == "colours":
            for cls in ENLARGED:
                across, down = cls.size(*plane.outer)
                if across <= width and down <= height:
                    return cls
        return choose_class(
            [plane.outer], width, height, value_width(plane), frame=(0, 0), largest=L,
            half_blocks=not self.cnnsim.ascii,
        )  # fmt: skip
