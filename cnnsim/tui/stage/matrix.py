"""The matrices that stand side by side for a sweep: what it reads, and what it fills."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.tui.drawing.cellclass import NUMBERS_LIMIT
from cnnsim.tui.stage.planes import Slice

#: Rows and columns of a window of numbers into something larger.
LENS = 5


@dataclass(frozen=True, slots=True)
class Matrix:
    """One matrix on the stage.

    Attributes:
        key: ``read0``, ``lens0``, ``read1``, … or ``out``.
        tensor: its full name.
        read: which read of the sweep it shows; None for what the sweep fills.
        slice: the matrix within the tensor.
        padding: rings of padding shown at (top, left, bottom, right).
        window: (row, column, rows, columns) of the part shown; None for everything.
        text_width: columns that its widest number needs, sign included.
        decimals, power: how its numbers are written.
    """

    key: str
    tensor: str
    read: int | None
    slice: Slice
    padding: tuple[int, int, int, int]
    window: tuple[int, int, int, int] | None
    text_width: int
    decimals: int
    power: int

    @property
    def outer(self) -> tuple[int, int]:
        """Rows and columns that are drawn, padding included."""
        if self.window is not None:
            return self.window[2], self.window[3]
        top, left, bottom, right = self.padding
        return self.slice.rows + top + bottom, self.slice.columns + left + right

    @property
    def place(self) -> str:
        """Where in its tensor the matrix is, such as ``[0,2]``; nothing where it is all of it."""
        return self._place(self.slice.fixed)

    @property
    def title_width(self) -> int:
        """Columns of its name and place, the same for all matrices of the tensor."""
        last = tuple(extent - 1 for extent in self.slice.shape[: len(self.slice.fixed)])
        return len(self.tensor) + len(self._place(last))

    def _place(self, fixed: tuple[int, ...]) -> str:
        shape = self.slice.shape
        if all(extent == 1 for extent in shape[: len(fixed)]):
            return ""
        # The batch goes without saying where it is one.
        return f"[{','.join(map(str, fixed[shape[0] == 1 :]))}]"

    @property
    def is_lens(self) -> bool:
        """It shows a part of something larger as numbers."""
        return self.window is not None

    @property
    def is_map(self) -> bool:
        """It is too large for numbers."""
        return not self.is_lens and max(self.outer) > NUMBERS_LIMIT
