"""Which values the taps of a cell read: pure index arithmetic, no tensors needed."""

from __future__ import annotations

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
    """All taps of one cell. Arrays have one entry for each tap, in order.

    Attributes:
        taps: the tap's own coordinates, one array for each axis.
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


@lru_cache(maxsize=64)
def tap_coordinates(taps: tuple[int, ...]) -> tuple[IntArray, ...]:
    """The coordinates of every tap in row-major order, one array for each axis."""
    return tuple(axis.reshape(-1) for axis in np.indices(taps, dtype=np.int64))


def is_inside(index: Index, shape: tuple[int, ...], size: int) -> BoolArray:
    """Which entries of `index` lie in a tensor of `shape`; `size` entries."""
    inside = np.ones(size, np.bool_)
    for coordinate, extent in zip(index, shape, strict=True):
        inside &= (coordinate >= 0) & (coordinate < extent)
    return inside


def reach_of(sweep: Sweep, cell: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> Reach:
    """The taps of `cell`, with `shapes` of the tensors that the sweep reads."""
    count = sweep.tap_count
    taps = tap_coordinates(sweep.taps)
    indices = []
    inside = []
    hole = np.zeros(count, np.bool_)
    for read, index in zip(sweep.reads, sweep.where(cell, taps, sweep.params), strict=True):
        spread = tuple(np.broadcast_to(np.asarray(axis, np.int64), (count,)) for axis in index)
        within = is_inside(spread, shapes[read.tensor], count)
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
