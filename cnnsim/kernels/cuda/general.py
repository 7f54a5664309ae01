"""The general kernel: any sweep, from its own plain functions, a cell for each thread.

Every cell folds its taps in float64. A sweep of few cells with many taps, such as a bias gradient,
has a whole block for each cell: every thread folds its share of the taps, and the shares are folded
in their order. So the bits depend on the network alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numba import cuda, float64
from numba.extending import overload, register_jitable

from cnnsim.kernels.cuda.elementary import on_device
from cnnsim.kernels.cuda.jit import SIMULATED, Kernel, grid
from cnnsim.kernels.rules import is_outside
from cnnsim.steps.sweep import ADD, LARGER, SMALLER, Start, Sweep
from cnnsim.steps.trace import unravel

#: Threads of a block that share a cell; in the simulator they are slow to start.
_TEAM = 4 if SIMULATED else 128
#: A team pays from so many taps on, and up to so many cells.
_MANY_TAPS, _FEW_CELLS = 64 if SIMULATED else 1024, 1 << 14

#: Where tensors begin in the arena, and their shapes.
Places = Mapping[str, int]
Shapes = Mapping[str, tuple[int, ...]]


# -- what a tap reads ------------------------------------------------------------------------------


def place_of(index: Any, shape: Any) -> int:
    """The row-major place of `index`, −1 where it lies outside `shape`."""
    place = 0
    for at, extent in zip(index, shape, strict=True):
        if not 0 <= at < extent:
            return -1
        place = place * extent + at
    return place


def places_of(indices: Any, shapes: Any) -> tuple[int, ...]:
    """The places of several reads."""
    return tuple(place_of(index, shape) for index, shape in zip(indices, shapes, strict=True))


def values_at(arena: Any, places: Any, begins: Any, outsides: Any) -> tuple[float, ...]:
    """What is read in float64."""
    return tuple(
        outside if place < 0 else float(arena[begin + place])
        for place, begin, outside in zip(places, begins, outsides, strict=True)
    )


def following(tap: Any, extents: Any) -> tuple[int, ...]:
    """The next tap in row-major order."""
    digits = list(tap)
    for axis in range(len(digits) - 1, -1, -1):
        digits[axis] += 1
        if digits[axis] < extents[axis]:
            break
        digits[axis] = 0
    return tuple(digits)


# Numba has no loops over tuples of different types: these say the same by recursion.


@overload(unravel)
def _unravel(number: Any, extents: Any) -> Any:
    if len(extents) == 0:

        def empty(number: Any, extents: Any) -> Any:
            return ()

        return empty

    def compiled(number: Any, extents: Any) -> Any:
        return (*unravel(number // extents[-1], extents[:-1]), number % extents[-1])

    return compiled


@overload(place_of)
def _place_of(index: Any, shape: Any) -> Any:
    if len(index) == 0:

        def empty(index: Any, shape: Any) -> Any:
            return 0

        return empty

    def compiled(index: Any, shape: Any) -> Any:
        above = place_of(index[:-1], shape[:-1])
        if above < 0 or index[-1] < 0 or index[-1] >= shape[-1]:
            return -1
        return above * shape[-1] + index[-1]

    return compiled


@overload(places_of)
def _places_of(indices: Any, shapes: Any) -> Any:
    if len(indices) == 0:

        def empty(indices: Any, shapes: Any) -> Any:
            return ()

        return empty

    def compiled(indices: Any, shapes: Any) -> Any:
        return (place_of(indices[0], shapes[0]), *places_of(indices[1:], shapes[1:]))

    return compiled


@overload(values_at)
def _values_at(arena: Any, places: Any, begins: Any, outsides: Any) -> Any:
    if len(places) == 0:

        def empty(arena: Any, places: Any, begins: Any, outsides: Any) -> Any:
            return ()

        return empty

    def compiled(arena: Any, places: Any, begins: Any, outsides: Any) -> Any:
        value = outsides[0]
        if places[0] >= 0:
            # Unsigned: no place counts from the end.
            value = np.float64(arena[np.uint64(begins[0] + places[0])])
        return (value, *values_at(arena, places[1:], begins[1:], outsides[1:]))

    return compiled


@overload(following)
def _following(tap: Any, extents: Any) -> Any:
    if len(tap) == 0:

        def empty(tap: Any, extents: Any) -> Any:
            return ()

        return empty
    if len(tap) == 1:

        def single(tap: Any, extents: Any) -> Any:
            return (tap[0] + 1,)

        return single

    def compiled(tap: Any, extents: Any) -> Any:
        if tap[-1] + 1 < extents[-1]:
            return (*tap[:-1], tap[-1] + 1)
        return (*following(tap[:-1], extents[:-1]), 0)

    return compiled


# -- how terms become one number -------------------------------------------------------------------


@register_jitable
def _add(total: float, term: float) -> float:
    return total + term


@register_jitable
def _larger(total: float, term: float) -> float:
    # The first of equals, and NaN over everything.
    return total if total >= term or total != total else term


@register_jitable
def _smaller(total: float, term: float) -> float:
    return total if total <= term or total != total else term


@register_jitable
def _last(total: float, term: float) -> float:
    return term * 1.0


_FOLDS = {ADD.name: _add, LARGER.name: _larger, SMALLER.name: _smaller}


@register_jitable
def _as_given(params: Any, arena: Any) -> Any:
    return params


def _with_rate(params: Any, at: int) -> Callable[[Any, Any], Any]:
    """What puts the learning rate, which stands at `at`, among the other constants."""
    kind, number = type(params), params._fields.index("rate")
    ahead, after = tuple(params[:number]), tuple(params[number + 1 :])

    @register_jitable
    def scheduled(params: Any, arena: Any) -> Any:
        return kind(*ahead, np.float64(arena[at]), *after)

    return scheduled


# -- the kernel ------------------------------------------------------------------------------------


def general(sweep: Sweep, places: Places, shapes: Shapes, rate: int) -> Kernel:
    """The kernel that fills the tensor of `sweep`; the learning rate stands at `rate`.

    It takes the arena. Raises KeyError for a fold that nobody knows.
    """
    start_where: Any = None
    begin, start_at = 0.0, 0
    start_shape: tuple[int, ...] = ()
    if isinstance(sweep.start, Start):
        start_where, tensor = on_device(sweep.start.where), sweep.start.tensor
        start_at, start_shape = places[tensor], shapes[tensor]
    else:
        begin = float(sweep.start)
    combine = _last if sweep.fold is None else _FOLDS[sweep.fold.name]
    identity = 0.0 if sweep.fold is None else sweep.fold.identity
    rules = [sweep.where, sweep.term, sweep.finish]
    if isinstance(sweep.start, Start):
        rules.append(sweep.start.where)
    where, term, finish = (on_device(rule) for rule in (sweep.where, sweep.term, sweep.finish))
    given = sweep.params
    constants = _with_rate(given, rate) if sweep.has_rate else _as_given
    cells, taps = sweep.cells, sweep.taps
    cell_count, tap_count = sweep.cell_count, sweep.tap_count
    begins = tuple(places[read.tensor] for read in sweep.reads)
    read_shapes = tuple(shapes[read.tensor] for read in sweep.reads)
    outsides = tuple(0.0 if read.outside is None else float(read.outside) for read in sweep.reads)
    # A hole is left out of a fold; where nothing is folded it reads as 0.
    marks = tuple(read.outside is None and sweep.fold is not None for read in sweep.reads)
    out = places[sweep.writes]

    @register_jitable
    def fold_in(total: Any, cell: Any, tap: Any, p: Any, arena: Any) -> Any:
        found = places_of(where(cell, tap, p), read_shapes)
        if is_outside(found, marks):
            return total
        return combine(total, term(values_at(arena, found, begins, outsides), cell, tap, p))

    if start_where:

        @register_jitable
        def start(cell: Any, p: Any, arena: Any) -> Any:
            return np.float64(arena[start_at + place_of(start_where(cell, p), start_shape)])

    else:

        @register_jitable
        def start(cell: Any, p: Any, arena: Any) -> Any:
            return begin

    def alone(arena: Any) -> None:
        p = constants(given, arena)
        for number in range(cuda.grid(1), cell_count, cuda.gridsize(1)):
            cell = unravel(number, cells)
            total = start(cell, p, arena)
            tap = unravel(0, taps)
            for _ in range(tap_count):
                total = fold_in(total, cell, tap, p, arena)
                tap = following(tap, taps)
            arena[out + number] = finish(total, cell, p)

    def together(arena: Any) -> None:
        shares = cuda.shared.array(0, float64)
        p = constants(given, arena)
        mine = cuda.threadIdx.x
        for number in range(cuda.blockIdx.x, cell_count, cuda.gridDim.x):
            cell = unravel(number, cells)
            total = identity
            for each in range(mine, tap_count, _TEAM):
                total = fold_in(total, cell, unravel(each, taps), p, arena)
            shares[mine] = total
            cuda.syncthreads()
            if mine == 0:
                total = start(cell, p, arena)
                for other in range(_TEAM):
                    total = combine(total, shares[other])
                arena[out + number] = finish(total, cell, p)
            cuda.syncthreads()

    shares_cells = sweep.fold is not None and tap_count >= _MANY_TAPS and cell_count <= _FEW_CELLS
    blocks, threads = (cell_count, _TEAM) if shares_cells else grid(cell_count)
    # The cache's digest covers this package only: an edit elsewhere would go unnoticed.
    rooms = [*(rule.__module__ for rule in rules), type(given).__module__]
    return Kernel(
        together if shares_cells else alone,
        blocks,
        threads,
        8 * _TEAM if shares_cells else 0,
        keeps=all(room.startswith("cnnsim.") or room == "builtins" for room in rooms),
        name=sweep.full_name,
    )
