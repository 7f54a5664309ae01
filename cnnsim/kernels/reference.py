"""The general compiled kernel: any sweep, in float64, each cell's taps in order.

It is made from the sweep's own plain functions, so it cannot mean anything else than the stepper
does. A strip of neighbouring cells goes through the taps together: the order within a cell stays,
and the processor has several sums to work on at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import overload, register_jitable

from cnnsim.kernels.cache import prepare_cache
from cnnsim.steps.sweep import Start, Sweep, either, larger, smaller
from cnnsim.steps.taps import FloatArray, tap_coordinates
from cnnsim.steps.trace import unravel
from cnnsim.steps.work import Tensors

#: Cells that go through the taps together.
STRIP = 8

#: So many taps are done before other threads would have begun.
_ALONE = 500_000

_CAN_CACHE = prepare_cache()


def entries(arrays: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    """The `number`-th entry of every array."""
    return tuple(array[number] for array in arrays)


def tap_count(taps: tuple[Any, ...]) -> int:
    """How many taps there are; 1 for a cell of one term."""
    return taps[0].size if taps else 1


def is_within(index: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether `index` lies in `shape`."""
    return all(0 <= at < extent for at, extent in zip(index, shape, strict=True))


def read_all(arrays: Any, indices: Any, outsides: Any) -> tuple[Any, ...]:
    """What a tap reads: for each array its value, or the outside value."""
    return tuple(
        float(array[index]) if is_within(index, array.shape) else outside
        for array, index, outside in zip(arrays, indices, outsides, strict=True)
    )


def any_hole(arrays: Any, indices: Any, marks: Any) -> bool:
    """Whether a read that is marked as a source of holes lies outside."""
    return any(
        mark and not is_within(index, array.shape)
        for array, index, mark in zip(arrays, indices, marks, strict=True)
    )


# Numba has no loops over tuples of different types: these say the same by recursion on the tail.


@overload(unravel)
def _unravel(number: Any, extents: Any) -> Any:
    if len(extents) == 0:

        def empty(number: Any, extents: Any) -> Any:
            return ()

        return empty

    def compiled(number: Any, extents: Any) -> Any:
        return (*unravel(number // extents[-1], extents[:-1]), number % extents[-1])

    return compiled


@overload(entries)
def _entries(arrays: Any, number: Any) -> Any:
    if len(arrays) == 0:

        def empty(arrays: Any, number: Any) -> Any:
            return ()

        return empty

    def compiled(arrays: Any, number: Any) -> Any:
        return (arrays[0][number], *entries(arrays[1:], number))

    return compiled


@overload(tap_count)
def _tap_count(taps: Any) -> Any:
    if len(taps) == 0:

        def one(taps: Any) -> Any:
            return 1

        return one

    def compiled(taps: Any) -> Any:
        return taps[0].size

    return compiled


@overload(is_within)
def _is_within(index: Any, shape: Any) -> Any:
    if len(index) == 0:

        def empty(index: Any, shape: Any) -> Any:
            return True

        return empty

    def compiled(index: Any, shape: Any) -> Any:
        return 0 <= index[0] < shape[0] and is_within(index[1:], shape[1:])

    return compiled


@overload(read_all)
def _read_all(arrays: Any, indices: Any, outsides: Any) -> Any:
    if len(arrays) == 0:

        def empty(arrays: Any, indices: Any, outsides: Any) -> Any:
            return ()

        return empty

    def compiled(arrays: Any, indices: Any, outsides: Any) -> Any:
        value = outsides[0]
        if is_within(indices[0], arrays[0].shape):
            value = np.float64(arrays[0][indices[0]])
        return (value, *read_all(arrays[1:], indices[1:], outsides[1:]))

    return compiled


@overload(any_hole)
def _any_hole(arrays: Any, indices: Any, marks: Any) -> Any:
    if len(arrays) == 0:

        def empty(arrays: Any, indices: Any, marks: Any) -> Any:
            return False

        return empty

    def compiled(arrays: Any, indices: Any, marks: Any) -> Any:
        if marks[0] and not is_within(indices[0], arrays[0].shape):
            return True
        return any_hole(arrays[1:], indices[1:], marks[1:])

    return compiled


@overload(either)
def _either(condition: Any, yes: Any, no: Any) -> Any:
    # Numba's np.where makes arrays of its arguments, at a hundred times the cost.
    def compiled(condition: Any, yes: Any, no: Any) -> Any:
        return np.float64(yes) if condition else np.float64(no)

    return compiled


# Numba's maximum keeps the first of equals, whatever their signs, on any processor.


@overload(larger)
def _larger(total: Any, term: Any) -> Any:
    def compiled(total: Any, term: Any) -> Any:
        return np.maximum(total, term)

    return compiled


@overload(smaller)
def _smaller(total: Any, term: Any) -> Any:
    def compiled(total: Any, term: Any) -> Any:
        return np.minimum(total, term)

    return compiled


@cache
def jitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function`, and every plain function that it names, known to Numba."""
    for name in function.__code__.co_names:
        named = function.__globals__.get(name)
        is_plain = getattr(named, "__module__", None) and hasattr(named, "__code__")
        # Names of attributes are among them: a rule called tanh that calls np.tanh names itself.
        if is_plain and named is not function:
            jitable(named)
    registered: Callable[..., Any] = register_jitable(function)
    return registered


def _no_start(cell: Any, p: Any) -> Any:
    return (0,)


def the_term(total: Any, term: Any) -> Any:
    """How a cell that folds nothing takes its one term.

    A term may end with a where, of which Numba makes an array without axes; the product with 1 is a
    number again.
    """
    return np.multiply(term, 1.0)


def _cell(ahead: Any, last: Any) -> Any:
    return (*ahead, last)


def _no_axes(ahead: Any, last: Any) -> Any:
    """The cell of a tensor of one number."""
    return ()


@cache
def _kernel(
    where: Any,
    term: Any,
    combine: Any,
    finish: Any,
    start_where: Any,
    at: Any,
    outsides: tuple[float, ...],
    marks: tuple[bool, ...],
) -> Any:
    """The compiled loop of a rule. Extents and params stay arguments: layers of a kind share it."""
    for function in (where, term, finish, start_where, at):
        jitable(function)
    if combine is the_term:
        jitable(combine)

    @register_jitable
    def fold_in(total: Any, cell: Any, tap: Any, arrays: Any, p: Any) -> Any:
        indices = where(cell, tap, p)
        if any_hole(arrays, indices, marks):
            return total
        return combine(total, term(read_all(arrays, indices, outsides), cell, tap, p))

    # The cache's digest covers this package only: an edit elsewhere would go unnoticed.
    ours = all(rule.__module__.startswith("cnnsim.") for rule in (where, term, finish, start_where))

    @njit(nogil=True, cache=_CAN_CACHE and ours, error_model="numpy")
    def fill(
        first: Any, last: Any, cells: Any, taps: Any, arrays: Any, start: Any, p: Any, out: Any
    ) -> None:
        # out: the flat tensor; units first .. last - 1 are strips along the last axis.
        width = cells[-1]
        strips = (width + STRIP - 1) // STRIP
        totals = np.empty(STRIP)
        count = tap_count(taps)
        for unit in range(first, last):
            line = unit // strips
            left = unit % strips * STRIP
            size = min(STRIP, width - left)
            ahead = unravel(line, cells[:-1])
            for k in range(size):
                totals[k] = start[start_where(at(ahead, left + k), p)]
            for number in range(count):
                tap = entries(taps, number)
                if size == STRIP:
                    # A constant length: the compiler unrolls and keeps the sums in registers.
                    for k in range(STRIP):
                        totals[k] = fold_in(totals[k], at(ahead, left + k), tap, arrays, p)
                else:
                    for k in range(size):
                        totals[k] = fold_in(totals[k], at(ahead, left + k), tap, arrays, p)
            for k in range(size):
                out[line * width + left + k] = finish(totals[k], at(ahead, left + k), p)

    return fill


class Filler:
    """The compiled kernel of a sweep with the tensors that it reads and the one that it fills.

    The arrays are kept, not copied: what stands in them when it runs is what it reads. Taps are
    folded in float64, whatever the arrays hold.
    """

    def __init__(self, sweep: Sweep, tensors: Tensors, out: npt.NDArray[Any]) -> None:
        if isinstance(sweep.start, Start):
            start_where, start = sweep.start.where, tensors[sweep.start.tensor]
        else:
            start_where, start = _no_start, np.array([sweep.start], np.float64)
        outsides = (0.0 if read.outside is None else float(read.outside) for read in sweep.reads)
        # A hole is left out of a fold; where nothing is folded it reads as 0.
        marks = (read.outside is None and sweep.fold is not None for read in sweep.reads)
        self._fill = _kernel(
            sweep.where,
            sweep.term,
            the_term if sweep.fold is None else sweep.fold.combine,
            sweep.finish,
            start_where,
            _cell if sweep.cells else _no_axes,
            tuple(outsides),
            tuple(marks),
        )
        cells = sweep.cells or (1,)
        arrays = tuple(np.ascontiguousarray(tensors[read.tensor]) for read in sweep.reads)
        self._arguments = (cells, tap_coordinates(sweep.taps), arrays, start)
        self._out = out.reshape(-1)
        self._params = sweep.params
        #: Strips of cells, the units of work.
        self.units = sweep.cell_count // cells[-1] * -(-cells[-1] // STRIP)

    def __call__(self, first: int, last: int) -> None:
        """Fill the strips from `first` up to `last`; the first call compiles, or loads."""
        self._fill(first, last, *self._arguments, self._params, self._out)


def compile_sweep(sweep: Sweep, tensors: Tensors) -> None:
    """Compile the kernel of `sweep`; of `tensors` only types and ranks matter."""
    Filler(sweep, tensors, np.empty(0, np.float64))(0, 0)


def fill_compiled(
    sweep: Sweep,
    tensors: Tensors,
    threads: int,
    progress: Callable[[float], None] = lambda share: None,
) -> FloatArray:
    """The tensor that `sweep` writes, in float64; `progress` hears of the share that is done.

    Raises whatever `progress` raises, which is how a caller stops it.
    """
    out = np.empty(sweep.cells, np.float64)
    run = Filler(sweep, tensors, out)
    units = run.units
    # About 2 million taps a piece: milliseconds, so progress is smooth and a stop is prompt.
    piece = max(1, min(-(-units // (2 * threads)), 2_000_000 // (STRIP * sweep.tap_count) + 1))
    pieces = [(first, min(first + piece, units)) for first in range(0, units, piece)]
    run(0, 0)  # compiles, or loads what was compiled

    def work(piece: tuple[int, int]) -> None:
        run(*piece)

    if sweep.steps <= _ALONE:
        run(0, units)
        progress(1.0)
        return out
    with ThreadPoolExecutor(threads) as pool:
        try:
            for done, _ in enumerate(pool.map(work, pieces), 1):
                progress(done / len(pieces))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return out
