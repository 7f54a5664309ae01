"""The worked-out cell: every value, term and running result of its taps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.steps.sweep import Start, Sweep
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


def start_of(sweep: Sweep, cell: tuple[int, ...], tensors: Tensors) -> float | None:
    """What the fold of `cell` starts from; None where nothing is folded."""
    if sweep.fold is None:
        return None
    if isinstance(sweep.start, Start):
        return float(tensors[sweep.start.tensor][sweep.start.where(cell, sweep.params)])
    return sweep.start


def work_out(sweep: Sweep, cell: tuple[int, ...], tensors: Tensors) -> Work:
    """Work out `cell` of `sweep`; the tensors it reads must be there."""
    shapes = {read.tensor: tensors[read.tensor].shape for read in sweep.reads}
    reach = reach_of(sweep, cell, shapes)
    values = tuple(
        gather(tensors[read.tensor], index, inside, 0.0 if read.outside is None else read.outside)
        for read, index, inside in zip(sweep.reads, reach.indices, reach.inside, strict=True)
    )
    with np.errstate(all="ignore"):
        terms = np.broadcast_to(
            np.asarray(sweep.term(values, cell, reach.taps, sweep.params), np.float64),
            (sweep.tap_count,),
        )
        start = start_of(sweep, cell, tensors)
        if sweep.fold is None or start is None:
            running = terms.copy()
        else:
            terms = np.where(reach.hole, sweep.fold.identity, terms)
            # accumulate goes strictly from left to right; reduce would sum pairwise.
            running = sweep.fold.combine.accumulate(np.concatenate(([start], terms)))[1:]
        total = float(running[-1])
        value = float(sweep.finish(total, cell, sweep.params))
    running[-1] = value
    return Work(reach, values, terms, start, running, total, value)
