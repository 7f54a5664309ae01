"""Where a value goes: the steps of a sweep that read one entry of a tensor.

The inverse of ``where``, for any sweep, without looking through all of its steps: a coordinate of
a read depends on a few axes of cell and tap only (the input row of a convolution on y and i), so
it is solved for these alone, and the solutions are combined.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from cnnsim.errors import CnnsimError
from cnnsim.steps.sweep import Index, Start, Sweep
from cnnsim.steps.taps import IntArray, is_inside
from cnnsim.steps.trace import ravel

#: Combinations of axes that are looked through for one coordinate.
_MOST = 50_000_000


def uses_of(
    sweep: Sweep, tensor: str, index: tuple[int, ...], shapes: dict[str, tuple[int, ...]]
) -> IntArray:
    """The steps of `sweep` that read ``tensor[index]``, counted from its first, in order.

    A tensor that the fold starts from is read by the first tap of the cell. Raises CnnsimError
    where there would be more than memory has room for.
    """
    found = [np.empty(0, np.int64)]
    for number, read in enumerate(sweep.reads):
        if read.tensor == tensor:
            found.append(_steps_reading(sweep, number, index, shapes))
    if isinstance(sweep.start, Start) and sweep.start.tensor == tensor:
        cells = _solve(sweep.cells, lambda at: _start_at(sweep, at), index)
        found.append(_numbers(cells, sweep.cells) * sweep.tap_count)
    return np.unique(np.concatenate(found))


def _start_at(sweep: Sweep, cell: Index) -> Index:
    assert isinstance(sweep.start, Start)
    return sweep.start.where(cell, sweep.params)


def _steps_reading(
    sweep: Sweep, number: int, index: tuple[int, ...], shapes: dict[str, tuple[int, ...]]
) -> IntArray:
    rank = len(sweep.cells)

    def where(at: Index) -> tuple[Index, ...]:
        return sweep.where(at[:rank], at[rank:], sweep.params)

    at = _solve((*sweep.cells, *sweep.taps), lambda at: where(at)[number], index)
    steps = _numbers(at, (*sweep.cells, *sweep.taps))
    keep = np.ones(steps.size, np.bool_)
    for read, place in zip(sweep.reads, where(at) if at else (), strict=False):
        if read.outside is None:
            keep &= is_inside(place, shapes[read.tensor], steps.size)
    kept: IntArray = steps[keep]
    return kept


def _numbers(at: Index, extents: tuple[int, ...]) -> IntArray:
    """The row-major numbers of the coordinates `at`; without axes there is one, 0."""
    numbers = np.asarray(ravel(at, extents), np.int64)
    return numbers.reshape(-1)


def _solve(
    extents: tuple[int, ...], where: Callable[[Index], Index], index: tuple[int, ...]
) -> Index:
    """Every point of the box `extents` that `where` maps to `index`, one array for each axis."""
    if not extents:
        return ()
    groups = _groups(extents, where)
    solved: list[tuple[list[int], list[IntArray]]] = []
    for axes, coordinates in groups:
        sizes = [extents[axis] for axis in axes]
        if prod(sizes) > _MOST:
            raise CnnsimError(f"too many steps to look through: {prod(sizes):,}")
        grid = [axis.reshape(-1) for axis in np.indices(sizes, dtype=np.int64)]
        at: list[int | IntArray] = [0] * len(extents)
        for axis, values in zip(axes, grid, strict=True):
            at[axis] = values
        found = where(tuple(at))
        hit = np.ones(prod(sizes), np.bool_)
        for coordinate in coordinates:
            hit &= found[coordinate] == index[coordinate]
        solved.append((axes, [values[hit] for values in grid]))
    # The groups are independent of each other: every combination of their solutions is one.
    counts = [values[0].size for _, values in solved]
    if prod(counts) > _MOST:
        raise CnnsimError(f"too many steps to list: {prod(counts):,}")
    picks = np.indices(counts, dtype=np.int64).reshape(len(counts), -1)
    points: list[IntArray] = [np.zeros(picks.shape[1], np.int64)] * len(extents)
    for pick, (axes, values) in zip(picks, solved, strict=True):
        for axis, entries in zip(axes, values, strict=True):
            points[axis] = entries[pick]
    whole = where(tuple(points))
    right = np.ones(picks.shape[1], np.bool_)
    for coordinate, wanted in zip(whole, index, strict=True):
        right &= coordinate == wanted
    return tuple(axis[right] for axis in points)


def _groups(
    extents: tuple[int, ...], where: Callable[[Index], Index]
) -> list[tuple[list[int], list[int]]]:
    """(axes, coordinates) that belong together; an axis that no coordinate needs stands alone."""
    groups: list[tuple[set[int], set[int]]] = []
    for axis, extent in enumerate(extents):
        coordinates = _moved_by(axis, extent, extents, where)
        joined = ({axis}, coordinates)
        for group in [group for group in groups if group[1] & coordinates]:
            groups.remove(group)
            joined = (joined[0] | group[0], joined[1] | group[1])
        groups.append(joined)
    return [(sorted(axes), sorted(coordinates)) for axes, coordinates in groups]


def _moved_by(
    axis: int, extent: int, extents: tuple[int, ...], where: Callable[[Index], Index]
) -> set[int]:
    """The coordinates that change along `axis`, seen from two corners and the middle of the box."""
    moved = set()
    for share in (0.0, 0.5, 1.0):
        at: list[int | IntArray] = [int((size - 1) * share) for size in extents]
        at[axis] = np.arange(extent, dtype=np.int64)
        for number, coordinate in enumerate(where(tuple(at))):
            if np.ndim(coordinate) and (coordinate != coordinate[0]).any():
                moved.add(number)
    return moved
