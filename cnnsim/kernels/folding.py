"""The general compiled kernel: any sweep, over memory whose places are known beforehand.

It folds in float64 and each cell's taps in order, as every other way to compute a sweep, so it
gives the same bits. What a tap reads is looked up once for a whole line of cells, which the
processor then goes through with full vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from cnnsim.kernels.jit import entry, overloading
from cnnsim.kernels.places import Grid, joined, memory_order
from cnnsim.kernels.rules import entries, is_outside, jitable, tap_count, the_term
from cnnsim.steps.sweep import Start, Sweep
from cnnsim.steps.taps import tap_coordinates

#: Cells of a line that go through the taps together: their sums stay in the nearest cache.
CHUNK = 64

#: So often each number of a tensor has to be read that laying it out anew pays.
_REUSED = 4


def offsets(arrays: Any, number: int, unit: int, tap: int, places: Any) -> tuple[int, ...]:
    """The places in `arrays`, the first of which is read `number`."""
    units, taps, rows, columns, table = places
    return tuple(
        units[at, unit] + taps[at, tap] + table[rows[at, unit] + columns[at, tap]]
        for at in range(number, number + len(arrays))
    )


def values_at(
    arrays: Any, at: Any, lane: int, steps: Any, far: Any, outsides: Any, checked: bool
) -> tuple[float, ...]:
    """What is read in one lane; only a `checked` read can be outside.

    `steps` are constants of the kernel; −1 stands for that of `far`.
    """
    return tuple(
        outside
        if checked and place < 0
        else float(array[place + lane * (step if step >= 0 else wide)])
        for array, place, step, wide, outside in zip(arrays, at, steps, far, outsides, strict=True)
    )


@overloading(offsets)
def _offsets(arrays: Any, number: Any, unit: Any, tap: Any, places: Any) -> Any:
    if len(arrays) == 0:

        def empty(arrays: Any, number: Any, unit: Any, tap: Any, places: Any) -> Any:
            return ()

        return empty

    def compiled(arrays: Any, number: Any, unit: Any, tap: Any, places: Any) -> Any:
        units, taps, rows, columns, table = places
        mixed = table[rows[number, unit] + columns[number, tap]]
        return (
            units[number, unit] + taps[number, tap] + mixed,
            *offsets(arrays[1:], number + 1, unit, tap, places),
        )

    return compiled


@overloading(values_at)
def _values_at(
    arrays: Any, at: Any, lane: Any, steps: Any, far: Any, outsides: Any, checked: Any
) -> Any:
    if len(arrays) == 0:

        def empty(
            arrays: Any, at: Any, lane: Any, steps: Any, far: Any, outsides: Any, checked: Any
        ) -> Any:
            return ()

        return empty

    def compiled(
        arrays: Any, at: Any, lane: Any, steps: Any, far: Any, outsides: Any, checked: Any
    ) -> Any:
        if checked and at[0] < 0:
            value = outsides[0]
        else:
            step = steps[0] if steps[0] >= 0 else far[0]
            # Unsigned: no place counts from the end.
            value = np.float64(arrays[0][np.uint64(at[0] + lane * step)])
        rest = values_at(arrays[1:], at[1:], lane, steps[1:], far[1:], outsides[1:], checked)
        return (value, *rest)

    return compiled


@cache
def _cell_rule(lane: int | None) -> Callable[[Any, Any], Any]:
    """What puts a cell's coordinate along the lane among the others."""
    if lane is None:

        @register_jitable
        def alone(ahead: Any, last: Any) -> Any:
            return ahead

        return alone

    @register_jitable
    def cell(ahead: Any, last: Any) -> Any:
        return (*ahead[:lane], last, *ahead[lane:])

    return cell


@cache
def _kernel(
    term: Any,
    combine: Any,
    finish: Any,
    lane: int | None,
    steps: tuple[int, ...],
    outsides: tuple[float, ...],
    marks: tuple[bool, ...],
    reads_start: bool,
    params_room: str,
) -> Any:
    """The compiled loop of a term and a fold. Everything about shapes is an argument.

    With `reads_start` the fold starts from an array, which the last of `steps` is of; else from the
    number `begin`. Steps of 0 and 1 are constants, for vectors; −1 is any other.
    """
    for function in (term, finish):
        jitable(function)
    if combine is the_term:
        jitable(combine)
    cell = _cell_rule(lane)
    everywhere = (True,) * len(marks)
    start_step = steps[len(marks) :] if reads_start else (0,)
    steps = steps[: len(marks)]

    def fold(
        first: Any, last: Any, lanes: Any, coordinates: Any, taps: Any, arrays: Any, starts: Any,
        begin: Any, places: Any, far: Any, p: Any, out: Any, targets: Any, out_step: Any,
    ) -> None:  # fmt: skip
        # units of work first .. last - 1: chunks of the lanes of each unit of cells.
        chunks = (lanes + CHUNK - 1) // CHUNK
        totals = np.empty(CHUNK)
        count = tap_count(taps)
        for work in range(first, last):
            unit = work // chunks
            left = work % chunks * CHUNK
            size = min(CHUNK, lanes - left)
            ahead = entries(coordinates, unit)
            if reads_start:
                at = offsets(starts, len(marks), unit, 0, places)
                for k in range(size):
                    totals[k] = values_at(
                        starts, at, left + k, start_step, far[-1:], (0.0,), False
                    )[0]
            else:
                for k in range(size):
                    totals[k] = begin
            for number in range(count):
                at = offsets(arrays, 0, unit, number, places)
                if is_outside(at, marks):
                    continue
                tap = entries(taps, number)
                if is_outside(at, everywhere):
                    for k in range(size):
                        values = values_at(arrays, at, left + k, steps, far, outsides, True)
                        new = term(values, cell(ahead, left + k), tap, p)
                        totals[k] = combine(totals[k], new)
                else:
                    for k in range(size):
                        values = values_at(arrays, at, left + k, steps, far, outsides, False)
                        new = term(values, cell(ahead, left + k), tap, p)
                        totals[k] = combine(totals[k], new)
            to = targets[unit] + left * out_step
            for k in range(size):
                out[to + k * out_step] = finish(totals[k], cell(ahead, left + k), p)

    # The cache's digest covers this package only: an edit elsewhere would go unnoticed. And whoever
    # opens the cache imports the types that it names.
    rooms = (term.__module__, finish.__module__, params_room)
    ours = all(room.startswith("cnnsim.") or room == "builtins" for room in rooms)
    # Terms may make arrays without axes.
    return entry(fold, caches=ours, makes_arrays=True)


class Folder:
    """The compiled kernel of a sweep with the tensors that it reads and the one that it fills.

    What stands in the tensors when it runs is what it reads. They are dense, in any order of their
    axes.
    """

    def __init__(
        self, sweep: Sweep, tensors: Mapping[str, npt.NDArray[Any]], out: npt.NDArray[Any]
    ) -> None:
        """Raises TooLarge."""
        reads = len(sweep.reads)
        reads_start = isinstance(sweep.start, Start)
        begin = 0.0 if isinstance(sweep.start, Start) else float(sweep.start)
        grid = Grid(sweep, tensors)
        places = [
            grid.places(number, sweep.steps >= _REUSED * array.size)
            for number, array in enumerate(grid.arrays)
        ]
        self._copies = []
        flat = []
        for array, place in zip(grid.arrays, places, strict=True):
            ordered = array.transpose(place.order)
            if not ordered.flags.c_contiguous:
                copy = np.empty(ordered.shape, ordered.dtype)
                self._copies.append((copy, ordered))
                ordered = copy
            flat.append(ordered.reshape(-1))
        self._fold = _kernel(
            sweep.term,
            the_term if sweep.fold is None else sweep.fold.combine,
            sweep.finish,
            grid.lane,
            tuple(place.step if place.step <= 1 else -1 for place in places),
            tuple(0.0 if read.outside is None else float(read.outside) for read in sweep.reads),
            # A hole is left out of a fold; where nothing is folded it reads as 0.
            tuple(read.outside is None and sweep.fold is not None for read in sweep.reads),
            reads_start,
            type(sweep.params).__module__,
        )
        targets, out_step = grid.targets(out)
        self._before = (
            grid.lanes, grid.ahead, tap_coordinates(sweep.taps), tuple(flat[:reads]),
            tuple(flat[reads:]), begin, joined(places), tuple(place.step for place in places),
        )  # fmt: skip
        self._after = (out.transpose(memory_order(out)).reshape(-1), targets, out_step)
        self._params = sweep.params
        #: Units of work.
        self.units = grid.units * -(-grid.lanes // CHUNK)

    def prepare(self) -> None:
        """Bring what is read into the order in which it is read: before each run."""
        for copy, ordered in self._copies:
            np.copyto(copy, ordered)

    def __call__(self, first: int, last: int, params: Any = None) -> None:
        """Fill units `first` up to `last`; the first call compiles, or loads.

        `params` replace those of the sweep.
        """
        p = self._params if params is None else params
        self._fold(first, last, *self._before, p, *self._after)
