"""A matrix in a frame: numbers, symbols or colours, with the mouse at home on its cells."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas, Piece, pieces_width
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.key import colour_key, end_text, signed_key
from cnnsim.tui.drawing.numbers import power_text
from cnnsim.tui.drawing.plane import Plane, cell_at, draw_plane, fit, size_of
from cnnsim.tui.stage.matrix import Matrix
from cnnsim.tui.stage.slice import Slice
from cnnsim.tui.widgets.panel import Panel


class MatrixPanel(Panel):
    """One of the matrices on the stage."""

    help_text = """\
A matrix of numbers. The gold cell is used by this very step, the frame is what the whole cell of
the output reads. Blue is negative, red positive, a faint dot is not computed yet, ░ is padding.

Click a cell to go to the step that uses it. Point at a cell of the output to see where it comes
from, at a cell of an input to see where it goes."""

    class Picked(Message):
        """A cell was clicked."""

        def __init__(self, matrix: Matrix, index: tuple[int, ...]) -> None:
            super().__init__()
            self.matrix = matrix
            self.index = index

    class Pointed(Message):
        """The mouse is over a cell, or over none."""

        def __init__(self, tensor: str, index: tuple[int, ...] | None) -> None:
            super().__init__()
            self.tensor = tensor
            self.index = index

        def can_replace(self, message: Message) -> bool:
            """Only the latest place matters."""
            return isinstance(message, MatrixPanel.Pointed)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.matrix: Matrix | None = None
        self._plane: Plane | None = None
        self._cls: CellClass | None = None
        # Where the plane was drawn, by how much it was averaged: for the mouse.
        self._drawn: tuple[int, int, Plane, int] | None = None
        self._pointed: tuple[int, ...] | None = None

    def show(self, matrix: Matrix, plane: Plane, cls: CellClass) -> None:
        """Set what is drawn."""
        self.matrix, self._plane, self._cls = matrix, plane, cls
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The frame with its titles, and the plane in its middle."""
        palette = self.palette
        if self.matrix is None or self._plane is None or self._cls is None:
            canvas.frame(palette, focused=self.has_focus)
            return
        plane, step = self._plane, 1
        room = (canvas.width - 2, canvas.height - 2)
        if self._cls.is_map:
            plane, step = fit(plane, *room, self._cls)
        canvas.frame(
            palette,
            title=self._title(canvas.width),
            bottom_left=self._corner(step, canvas.width),
            bottom_right=self._key(plane, canvas.width),
            focused=self.has_focus,
        )
        width, height = size_of(plane, self._cls)
        x = 1 + max((room[0] - width) // 2, 0)
        y = 1 + max((room[1] - height) // 2, 0)
        inner = Canvas(max(room[0], 0), max(room[1], 0), palette.base)
        draw_plane(inner, x - 1, y - 1, plane, self._cls, palette)
        canvas.blit(inner, 1, 1)
        self._drawn = (x, y, plane, step)

    def _title(self, width: int) -> list[Piece]:
        palette, matrix = self.palette, self.matrix
        assert matrix is not None
        pieces: list[Piece] = []
        if matrix.is_lens and width > 20:
            pieces.append(("field ", palette.dim))
        pieces += [(matrix.tensor, palette.bold), (matrix.place, palette.dim)]
        if matrix.sides and pieces_width(pieces) + 1 + len(matrix.sides) <= width - 5:
            pieces.append((f" {matrix.sides}", palette.dim))
        return pieces

    def _corner(self, step: int, width: int) -> list[Piece]:
        matrix, palette = self.matrix, self.palette
        assert matrix is not None
        pieces: list[Piece] = []
        if step > 1:
            pieces.append((f"1 dot = {step}×{step}", palette.dim))
        elif matrix.power and not (self._cls and self._cls.is_map):
            pieces.append((power_text(matrix.power), palette.dim))
        return pieces

    def _key(self, plane: Plane, width: int) -> Sequence[Piece]:
        if width < 26 or self._cls is None or self.matrix is None or self.matrix.is_lens:
            return ()
        if plane.picture:
            return colour_key(self.palette, "0", end_text(plane.scale), width=6, picture=True)
        return signed_key(self.palette, plane.scale, numbered=not self._cls.is_map)

    def _index_at(self, x: int, y: int) -> tuple[int, ...] | None:
        if self._drawn is None or self.matrix is None or self._cls is None:
            return None
        left, top, plane, step = self._drawn
        place = cell_at(plane, self._cls, x - left, y - top)
        if place is None:
            return None
        row, column = place[0] * step + plane.first[0], place[1] * step + plane.first[1]
        cut: Slice = self.matrix.slice
        return cut.index(row, column)

    def on_click(self, event: events.Click) -> None:
        """Go to the step that uses the cell."""
        index = self._index_at(event.x, event.y)
        if index is not None and self.matrix is not None:
            self.post_message(self.Picked(self.matrix, index))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show where the cell comes from or goes to."""
        index = self._index_at(event.x, event.y)
        if index != self._pointed and self.matrix is not None:
            self._pointed = index
            self.post_message(self.Pointed(self.matrix.tensor, index))

    def on_leave(self, event: events.Leave) -> None:
        """The mouse is gone."""
        if self._pointed is not None and self.matrix is not None:
            self._pointed = None
            self.post_message(self.Pointed(self.matrix.tensor, None))
