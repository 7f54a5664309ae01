"""Where everything that a sweep reads lies in memory, worked out once for all of its runs.

The sweep's own rule is asked about all cells and taps at once, each axis as an array that only has
an extent along itself. So NumPy's broadcasting tells which axes every coordinate depends on: what
depends on the cell alone, or on the tap alone, is a short list; what mixes both is a table.

One axis of the cells, the `lane`, is left out: along it every read goes on by one, or stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.steps.sweep import Index, Start, Sweep
from cnnsim.steps.taps import IntArray

#: The place of what lies outside: sums of a few of them stay negative, and inside int64.
OUTSIDE = -(1 << 56)
#: Lanes that fill vectors well; more of them do not make up for copying what is read.
_ENOUGH = 16
#: Numbers of the largest table: beyond, it would not pay.
_LARGEST = 1 << 24


class TooLarge(Exception):
    """The places of a sweep do not fit into tables."""


@dataclass(frozen=True)
class Places:
    """Where one tensor is read.

    The place of unit u, tap t and lane k is ``units[u] + taps[t] + table[rows[u] + columns[t]] +
    k · step``, negative where it is outside the tensor.

    Attributes:
        order: the tensor's axes as they lie in memory, the last one side by side.
        step: how far apart the lanes lie; 0 where they all read the same.
    """

    order: tuple[int, ...]
    step: int
    units: IntArray
    taps: IntArray
    rows: IntArray
    columns: IntArray
    table: IntArray


class Grid:
    """The cells and taps of a sweep, with one axis of the cells as the lane.

    Attributes:
        arrays: what the reads go to, and then what the fold starts from.
        lane: the axis, None where none will do.
        lanes: how many cells lie along it.
        units: how many lines of so many cells there are.
    """

    def __init__(self, sweep: Sweep, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        self._cells = len(sweep.cells)
        self._shape = (*sweep.cells, *sweep.taps)
        self._axes = tuple(
            np.arange(extent, dtype=np.int64).reshape(self._along(number, extent))
            for number, extent in enumerate(self._shape)
        )
        cell, tap = self._axes[: self._cells], self._axes[self._cells :]
        found = [*sweep.where(cell, tap, sweep.params)]
        self.arrays = [tensors[read.tensor] for read in sweep.reads]
        if isinstance(sweep.start, Start):
            found.append(sweep.start.where(cell, sweep.params))
            self.arrays.append(tensors[sweep.start.tensor])
        self._indices = [tuple(self._whole(at) for at in index) for index in found]
        self.lane = self._best_lane()
        self.lanes = 1 if self.lane is None else self._shape[self.lane]
        self.units = sweep.cell_count // self.lanes
        self._unit_shape = self._along(self.lane, 1, sweep.cells)

    def _along(self, axis: int | None, extent: int, others: Index = ()) -> list[int]:
        """The shape that has `extent` along `axis`, and along the others theirs or 1."""
        shape = [*others, *[1] * (len(self._shape) - len(others))]
        if axis is not None:
            shape[axis] = extent
        return shape

    def _whole(self, at: Any) -> IntArray:
        """A coordinate with all axes, extent 1 along those that it does not depend on."""
        found = np.asarray(at, np.int64)
        found = found.reshape((1,) * (len(self._shape) - found.ndim) + found.shape)
        for axis in range(found.ndim):
            first = found.take([0], axis)
            if (found == first).all():
                found = first
        return found

    def _moving(self, number: int, lane: int) -> int | None:
        """The axis of a tensor that goes with the lane, −1 where none does.

        None where more happens along the lane than going on by one inside the tensor.
        """
        index = self._indices[number]
        moving = [axis for axis, at in enumerate(index) if at.shape[lane] > 1]
        if not moving:
            return -1
        axis, at = moving[0], index[moving[0]]
        base = at - self._axes[lane]
        is_steady = (base == base.take([0], lane)).all()
        is_inside = at.min() >= 0 and at.max() < self.arrays[number].shape[axis]
        return axis if len(moving) == 1 and is_steady and is_inside else None

    def _best_lane(self) -> int | None:
        """The longest one that will do, but rather one along which everything lies side by side."""
        best, chosen = (1, False, 1), None
        for lane, extent in enumerate(self._shape[: self._cells]):
            moving = [self._moving(number, lane) for number in range(len(self.arrays))]
            lies = all(
                axis is None or axis < 0 or memory_order(array)[-1] == axis
                for axis, array in zip(moving, self.arrays, strict=True)
            )
            score = (min(extent, _ENOUGH), lies, extent)
            if None not in moving and score > best:
                best, chosen = score, lane
        return chosen

    @property
    def ahead(self) -> tuple[IntArray, ...]:
        """The coordinates of every unit's cells, without the lane's."""
        rest = [size for axis, size in enumerate(self._shape[: self._cells]) if axis != self.lane]
        return tuple(np.ascontiguousarray(axis.reshape(-1)) for axis in np.indices(rest, np.int64))

    def targets(self, out: npt.NDArray[Any]) -> tuple[IntArray, int]:
        """Where each unit begins in what is written, and how far apart its cells lie."""
        strides = _strides(out.shape, memory_order(out))
        step = 0 if self.lane is None else strides.pop(self.lane)
        found = np.zeros(self.units, np.int64)
        for coordinate, stride in zip(self.ahead, strides, strict=True):
            found += coordinate * stride
        return found, step

    def places(self, number: int, anew: bool = True) -> Places:
        """Where `arrays` number `number` is read. Raises TooLarge.

        With `anew` the tensor is to be laid out so that the lanes lie side by side.
        """
        index, array = [*self._indices[number]], self.arrays[number]
        order, step = memory_order(array), 0
        moving = -1 if self.lane is None else self._moving(number, self.lane)
        assert moving is not None
        if moving >= 0:
            if anew:
                order = (*(axis for axis in order if axis != moving), moving)
            step = _strides(array.shape, order)[moving]
            index[moving] = index[moving].take([0], self.lane)
        if prod(np.broadcast_shapes(*(at.shape for at in index if self._mixes(at)))) > _LARGEST:
            raise TooLarge
        steady, of_cell, of_tap, mixed = (
            np.zeros([1] * len(self._shape), np.int64) for _ in range(4)
        )
        for at, stride, extent in zip(
            index, _strides(array.shape, order), array.shape, strict=True
        ):
            place = np.where((at >= 0) & (at < extent), at * stride, OUTSIDE)
            if self._mixes(at):
                mixed = mixed + place
            elif prod(at.shape[: self._cells]) > 1:
                of_cell = of_cell + place
            elif prod(at.shape[self._cells :]) > 1:
                of_tap = of_tap + place
            else:
                steady = steady + place
        rows, columns = mixed.shape[: self._cells], mixed.shape[self._cells :]
        down, across = prod(rows), prod(columns)
        return Places(
            order,
            step,
            self._for_units(of_cell + steady),
            self._for_taps(of_tap),
            self._for_units(np.arange(down).reshape(rows + (1,) * len(columns)) * across),
            self._for_taps(np.arange(across).reshape((1,) * len(rows) + columns)),
            mixed.reshape(-1),
        )

    def _mixes(self, at: IntArray) -> bool:
        """Whether a coordinate depends on the cell and on the tap."""
        return prod(at.shape[: self._cells]) > 1 and prod(at.shape[self._cells :]) > 1

    def _for_units(self, values: Any) -> IntArray:
        return np.broadcast_to(values, self._unit_shape).reshape(-1)

    def _for_taps(self, values: Any) -> IntArray:
        shape = [*[1] * self._cells, *self._shape[self._cells :]]
        return np.broadcast_to(values, shape).reshape(-1)


def joined(places: Sequence[Places]) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """`units`, `taps`, `rows` and `columns` [reads][…] of all, and all their tables in one."""
    if not places:
        none = np.zeros((0, 1), np.int64)
        return none, none, none, none, np.zeros(1, np.int64)
    begins = np.cumsum([0, *(place.table.size for place in places)])
    return (
        np.stack([place.units for place in places]),
        np.stack([place.taps for place in places]),
        np.stack([place.rows + begin for place, begin in zip(places, begins, strict=False)]),
        np.stack([place.columns for place in places]),
        np.concatenate([place.table for place in places]),
    )


def memory_order(array: npt.NDArray[Any]) -> tuple[int, ...]:
    """The axes of a dense array as they lie in memory, the last one side by side."""
    return tuple(sorted(range(array.ndim), key=lambda axis: (-array.strides[axis], axis)))


def _strides(shape: tuple[int, ...], order: tuple[int, ...]) -> list[int]:
    """For each axis, how many elements lie between neighbours."""
    strides, size = [0] * len(shape), 1
    for axis in reversed(order):
        strides[axis] = size
        size *= shape[axis]
    return strides
