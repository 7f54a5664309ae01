"""How a tensor of any rank is shown as one matrix: the last two axes, or features in a grid."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The matrix of a tensor that holds a certain index.

    Attributes:
        shape: the tensor's.
        fixed: the leading coordinates; the matrix is what varies behind them.
        rows, columns: of the matrix. Features (one axis behind `fixed`) are laid out in a grid,
            row by row; its last row may be incomplete.
        is_grid: whether they are.
    """

    shape: Index
    fixed: Index
    rows: int
    columns: int
    is_grid: bool

    def place(self, index: Index) -> tuple[int, int] | None:
        """Row and column of an index, which may lie on the padding; None if in another matrix."""
        if index[: len(self.fixed)] != self.fixed:
            return None
        if not self.shape:
            return 0, 0
        if self.is_grid:
            row, column = divmod(index[-1], self.columns)
            return row, column
        return index[-2], index[-1]

    def index(self, row: int, column: int) -> Index | None:
        """The index at a place; None beyond an incomplete last row or outside."""
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        if not self.shape:
            return ()
        if self.is_grid:
            number = row * self.columns + column
            return (*self.fixed, number) if number < self.shape[-1] else None
        return (*self.fixed, row, column)

    def values(self, tensor: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The matrix; NaN fills an incomplete last row."""
        part = np.asarray(tensor[self.fixed], np.float64)
        if not self.is_grid:
            return part
        part = part.reshape(-1)
        padded = np.full(self.rows * self.columns, np.nan)
        padded[: part.size] = part
        return padded.reshape(self.rows, self.columns)

    @property
    def exists(self) -> npt.NDArray[np.bool_]:
        """Which places of the matrix hold an entry of the tensor."""
        count = self.shape[-1] if self.is_grid and self.shape else self.rows * self.columns
        return (np.arange(self.rows * self.columns) < count).reshape(self.rows, self.columns)


def slice_at(shape: Index, index: Index) -> Slice:
    """The matrix of a tensor of `shape` that holds `index`.

    Rank 1 and 2 end in features, higher ranks in a plane of rows and columns; a single number, such
    as the loss, is a grid of one.
    """
    if not shape:
        return Slice(shape, (), 1, 1, True)
    if len(shape) <= 2:
        columns = grid_columns(shape[-1])
        return Slice(shape, index[:-1], ceil(shape[-1] / columns), columns, True)
    return Slice(shape, index[:-2], shape[-2], shape[-1], False)


def grid_columns(count: int) -> int:
    """How many columns a grid of `count` features gets: near a square, without a rest if it can.

    >>> [grid_columns(n) for n in (4, 10, 36, 84, 9216)]
    [4, 5, 6, 12, 96]
    """
    if count <= 5:
        return count
    root = ceil(sqrt(count))
    for columns in range(root, min(count, root * 5 // 2) + 1):
        if count % columns == 0:
            return columns
    return root
