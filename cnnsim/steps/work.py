"""The worked-out cell: every value, term and running result of its taps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.steps.sweep import Index, Start, Sweep
from cnnsim.steps.taps import FloatArray, Reach, gather, reach_of

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """One cell of a sweep, in float64 and in order.

    Attributes:
        reach: what each tap reads.
        values: for each read, its value at each tap.
        terms: the term of each tap; holes have the fold's identity.
        start: what the fold started from, None without a fold.
        running: the fold after each tap; the last one is `value`.
        total: the fold of all taps, before the finish.
        value: the cell's value, bit for bit that of the finished tensor.
    """

    reach: Reach
    values: tuple[FloatArray, ...]
    terms: FloatArray
    start: float | None
    running: FloatArray
    total: float
    value: float


@dataclass(frozen=True, slots=True)
class Block:
    """Cells of a sweep, worked out together: as `Work`, with a row for each cell.

    `starts` and `totals` have one number for each cell; `shape` is (cells, taps).
    """

    shape: tuple[int, int]
    reach: Reach
    values: tuple[FloatArray, ...]
    terms: FloatArray
    starts: FloatArray | None
    running: FloatArray
    totals: FloatArray

    def cell(self, number: int) -> Work:
        """The `number`-th cell."""
        running = self.running[number]
        return Work(
            self.reach.row(number),
            tuple(values[number] for values in self.values),
            self.terms[number],
            None if self.starts is None else float(self.starts[number]),
            running,
            float(self.totals[number]),
            float(running[-1]),
        )


def work_out(sweep: Sweep, cell: tuple[int, ...], tensors: Tensors) -> Work:
    """Work out `cell` of `sweep`; the tensors it reads must be there."""
    return work_out_block(sweep, tuple(np.array([at]) for at in cell), tensors).cell(0)


def work_out_block(sweep: Sweep, cells: Index, tensors: Tensors) -> Block:
    """Work out many cells of `sweep`: `cells` has one array of them for each axis."""
    # A cell without coordinates, the loss, is the only one.
    shape = (len(cells[0]) if cells else 1, sweep.tap_count)
    columns = tuple(axis[:, np.newaxis] for axis in cells)
    shapes = {read.tensor: tensors[read.tensor].shape for read in sweep.reads}
    reach = reach_of(sweep, columns, shapes, shape[0])
    values = tuple(
        gather(tensors[read.tensor], index, inside, 0.0 if read.outside is None else read.outside)
        for read, index, inside in zip(sweep.reads, reach.indices, reach.inside, strict=True)
    )
    with np.errstate(all="ignore"):
        found = sweep.term(values, columns, reach.taps, sweep.params)
        terms = np.broadcast_to(np.asarray(found, np.float64), shape)
        starts = _starts(sweep, cells, shape[0], tensors)
        if sweep.fold is None or starts is None:
            running = terms.copy()
        else:
            terms = np.where(reach.hole, sweep.fold.identity, terms)
            # accumulate goes strictly from left to right; reduce would sum pairwise.
            sums = np.concatenate((starts[:, np.newaxis], terms), axis=1)
            running = sweep.fold.accumulate(sums, 1)[:, 1:]
        totals = running[:, -1].copy()
        running[:, -1] = sweep.finish(totals, cells, sweep.params)
    return Block(shape, reach, values, terms, starts, running, totals)


def _starts(sweep: Sweep, cells: Index, count: int, tensors: Tensors) -> FloatArray | None:
    """What the fold of each cell starts from; None where nothing is folded."""
    if sweep.fold is None:
        return None
    if not isinstance(sweep.start, Start):
        return np.full(count, sweep.start, np.float64)
    at = sweep.start.where(cells, sweep.params)
    return np.broadcast_to(tensors[sweep.start.tensor][at].astype(np.float64), (count,))
