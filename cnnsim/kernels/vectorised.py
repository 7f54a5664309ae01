"""A whole sweep on NumPy. No compiler, so lessons never wait.

Each cell folds its taps strictly in order, as `steps.work` does, so the results are equal bit for
bit: either all cells take one tap together, or one cell runs through its taps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.steps.sweep import Start, Sweep
from cnnsim.steps.taps import FloatArray, IntArray, gather, is_inside, tap_coordinates
from cnnsim.steps.work import Tensors, work_out

#: Cells that go through the taps together: their intermediate arrays stay in cache.
_CHUNK = 1 << 14


def fill_vectorised(sweep: Sweep, tensors: Tensors) -> FloatArray:
    """The tensor that `sweep` writes, in float64."""
    if sweep.cell_count * 4 < sweep.tap_count:
        each = (work_out(sweep, cell, tensors).value for cell in np.ndindex(sweep.cells))
        flat = np.fromiter(each, np.float64)
        return flat.reshape(sweep.cells)
    result = np.empty(sweep.cell_count, np.float64)
    for first in range(0, sweep.cell_count, _CHUNK):
        last = min(first + _CHUNK, sweep.cell_count)
        numbers = np.arange(first, last, dtype=np.int64)
        # The loss is a tensor without axes: one cell, no coordinates.
        cells = np.unravel_index(numbers, sweep.cells) if sweep.cells else ()
        with np.errstate(all="ignore"):
            result[first:last] = _fill_cells(sweep, cells, last - first, tensors)
    return result.reshape(sweep.cells)


def _fill_cells(
    sweep: Sweep, cells: tuple[IntArray, ...], count: int, tensors: Tensors
) -> FloatArray:
    if isinstance(sweep.start, Start):
        at = sweep.start.where(cells, sweep.params)
        total = tensors[sweep.start.tensor][at].astype(np.float64)
    else:
        total = np.full(count, sweep.start)
    taps = tap_coordinates(sweep.taps)
    for number in range(sweep.tap_count):
        tap = tuple(int(axis[number]) for axis in taps)
        term = _term(sweep, cells, tap, count, tensors)
        total = term if sweep.fold is None else sweep.fold.combine(total, term)
    return np.asarray(sweep.finish(total, cells, sweep.params), np.float64)


def _term(
    sweep: Sweep, cells: tuple[IntArray, ...], tap: tuple[int, ...], count: int, tensors: Tensors
) -> npt.NDArray[Any]:
    values = []
    hole = None
    for read, index in zip(sweep.reads, sweep.where(cells, tap, sweep.params), strict=True):
        tensor = tensors[read.tensor]
        inside = is_inside(index, tensor.shape, count)
        values.append(gather(tensor, index, inside, 0.0 if read.outside is None else read.outside))
        if read.outside is None:
            hole = ~inside if hole is None else hole | ~inside
    term = np.asarray(sweep.term(tuple(values), cells, tap, sweep.params))
    if hole is not None and sweep.fold is not None:
        term = np.where(hole, sweep.fold.identity, term)
    return term
