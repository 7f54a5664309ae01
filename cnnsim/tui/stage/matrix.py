"""The matrices that stand side by side for a sweep: what it reads, and what it fills."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.tui.drawing.cellclass import NUMBERS_LIMIT
from cnnsim.tui.stage.slice import Slice

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
        is_field: whether the window is all that the cell reads, not just what is around the tap.
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
    is_field: bool = False

    @property
    def outer(self) -> tuple[int, int]:
        """Rows and columns that are drawn, padding included."""
        if self.window is not None:
            return self.window[2], self.window[3]
        top, left, bottom, right = self.padding
        return self.slice.rows + top + bottom, self.slice.columns + left + right

    @property
    def place(self) -> str:
        """Which part of the tensor it is, `[0,1]`; nothing where it is all of it."""
        return self._place(self.slice.fixed, self.window)

    @property
    def sides(self) -> str:
        """The shape of the tensor, `6×28×28`; nothing where a window is shown."""
        shape = self.slice.shape
        shown = shape[1:] if len(shape) > 2 and shape[0] == 1 else shape
        return "" if self.window is not None else "×".join(map(str, shown))

    @property
    def title_width(self) -> int:
        """Columns that its whole title takes, at the last part of its tensor as at every other."""
        shape, window = self.slice.shape, self.window
        fixed = tuple(extent - 1 for extent in shape[: len(self.slice.fixed)])
        if window is not None:
            _, _, rows, columns = window
            window = (self.slice.rows - rows, self.slice.columns - columns, rows, columns)
        return len(f"{self.tensor}{self._place(fixed, window)} {self.sides}".rstrip())

    def _place(self, fixed: tuple[int, ...], window: tuple[int, int, int, int] | None) -> str:
        if window is not None:
            if self.slice.is_grid:
                return ""
            row, column, rows, columns = window
            place = f"{row}–{row + rows - 1},{column}–{column + columns - 1}".replace("-", "−")
            return f"[{','.join(map(str, fixed[1:]))},{place}]"
        if all(extent == 1 for extent in self.slice.shape[: len(fixed)]):
            return ""
        # The batch goes without saying where it is one.
        return f"[{','.join(map(str, fixed[self.slice.shape[0] == 1 :]))}]"

    @property
    def is_lens(self) -> bool:
        """It shows a part of something larger as numbers."""
        return self.window is not None

    @property
    def is_map(self) -> bool:
        """It is too large for numbers."""
        return not self.is_lens and max(self.outer) > NUMBERS_LIMIT
