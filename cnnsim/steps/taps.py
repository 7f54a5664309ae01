"""Which values the taps of a cell read: pure index arithmetic, no tensors needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.steps.sweep import Index, Sweep

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reach:
    """All taps of one cell. Arrays have one entry for each tap, in order; of several cells, a row
    for each cell.

    Attributes:
        taps: the tap's own coordinates, one array for each axis; the same for all cells.
        indices: for each read, one index array for each axis of its tensor.
        inside: for each read, whether the index lies in the tensor.
        hole: no product exists there.
    """

    taps: tuple[IntArray, ...]
    indices: tuple[tuple[IntArray, ...], ...]
    inside: tuple[BoolArray, ...]
    hole: BoolArray

    @property
    def padding(self) -> BoolArray:
        """The product is with a value outside a tensor."""
        outside: BoolArray = ~np.logical_and.reduce(self.inside)
        return outside & ~self.hole

    def row(self, number: int) -> Reach:
        """That of the `number`-th of several cells."""
        return Reach(
            self.taps,
            tuple(tuple(axis[number] for axis in index) for index in self.indices),
            tuple(inside[number] for inside in self.inside),
            self.hole[number],
        )


@lru_cache(maxsize=64)
def tap_coordinates(taps: tuple[int, ...]) -> tuple[IntArray, ...]:
    """The coordinates of every tap in row-major order, one array for each axis."""
    return tuple(axis.reshape(-1) for axis in np.indices(taps, dtype=np.int64))


def is_inside(index: Index, shape: tuple[int, ...], size: int | tuple[int, ...]) -> BoolArray:
    """Which entries of `index` lie in a tensor of `shape`; `size` entries."""
    inside = np.ones(size, np.bool_)
    for coordinate, extent in zip(index, shape, strict=True):
        inside &= (coordinate >= 0) & (coordinate < extent)
    return inside


def reach_of(
    sweep: Sweep,
    cell: Index,
    shapes: Mapping[str, tuple[int, ...]],
    count: int | None = None,
) -> Reach:
    """The taps of `cell`, with `shapes` of the tensors that the sweep reads.

    With a `count` of so many cells: `cell` then has columns, arrays [count, 1].
    """
    taps = tap_coordinates(sweep.taps)
    size = (sweep.tap_count,) if count is None else (count, sweep.tap_count)
    indices = []
    inside = []
    hole = np.zeros(size, np.bool_)
    for read, index in zip(sweep.reads, sweep.where(cell, taps, sweep.params), strict=True):
        spread = tuple(np.broadcast_to(np.asarray(axis, np.int64), size) for axis in index)
        within = is_inside(spread, shapes[read.tensor], size)
        indices.append(spread)
        inside.append(within)
        if read.outside is None:
            hole |= ~within
    return Reach(taps, tuple(indices), tuple(inside), hole)


def gather(tensor: npt.NDArray[Any], index: Index, inside: BoolArray, outside: float) -> FloatArray:
    """``tensor[index]`` in float64, with `outside` wherever the index leaves the tensor."""
    if inside.all():
        return tensor[index].astype(np.float64)
    clipped = tuple(np.where(inside, coordinate, 0) for coordinate in index)
    return np.where(inside, tensor[clipped].astype(np.float64), outside)
