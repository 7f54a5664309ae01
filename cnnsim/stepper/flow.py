"""Why a value is what it is, and where it goes: the steps on both sides of one entry."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import format_address
from cnnsim.steps.entry import format_entry
from cnnsim.steps.sweep import ADD, LARGER, SMALLER, Start, Sweep
from cnnsim.steps.taps import IntArray, gather, is_inside
from cnnsim.steps.trace import Position

#: How many uses are worked out; the count is always exact.
MOST = 2000


@dataclass(frozen=True, slots=True)
class Flow:
    """One step on the way into a value, or out of it.

    Attributes:
        step: its number.
        address: its address.
        values: what it reads, in the order of its sweep's reads; None for what does not exist.
        formula: its term, ``{0}`` for the first value.
        term: what it adds to its cell; None where nothing is added, as from a bias.
        share: of the absolute terms of the cell, for the terms of one cell; all of it for the one
            that wins a maximum or minimum; else 0.
    """

    step: int
    address: str
    values: tuple[float | None, ...]
    formula: str
    term: float | None
    share: float = 0.0


def terms_of(stepper: Stepper, position: Position) -> list[Flow]:
    """The terms of the cell at `position`, those that matter most first; holes are no terms."""
    trace, sweep, work = stepper.trace, stepper.trace.sweep_of(position), stepper.work(position)
    first = trace.step(position._replace(tap=(0,) * len(sweep.taps)))
    taps = np.flatnonzero(~work.reach.hole)
    terms = work.terms[taps]
    wins = sweep.fold in (LARGER, SMALLER)
    weights = np.abs(terms) if not wins else terms if sweep.fold is LARGER else -terms
    # Stable, so that equal terms stay in the order of their taps; NaN and infinities come first.
    order = taps[np.argsort(-np.nan_to_num(weights, nan=np.inf), kind="stable")]
    total = float(weights[np.isfinite(weights)].sum())
    found = []
    for place, tap in enumerate(order.tolist()):
        term = float(work.terms[tap])
        share = abs(term) / total if total and np.isfinite(term) else 0.0
        share = float(place == 0) if wins else share
        values = tuple(float(values[tap]) for values in work.values)
        address = stepper.address(first + tap)
        found.append(Flow(first + tap, address, values, sweep.formula, term, share))
    return found


def start_of(stepper: Stepper, position: Position) -> tuple[str, float] | None:
    """What the terms of the cell at `position` are added to: an entry and its value.

    The entry of a plain number is empty; None where the cell is its terms alone.
    """
    sweep, start = stepper.trace.sweep_of(position), stepper.work(position).start
    if start is None:
        return None
    if isinstance(sweep.start, Start):
        index = sweep.start.where(position.cell, sweep.params)
        return format_entry(sweep.start.tensor, tuple(map(int, index))), start
    return ("", start) if start and sweep.fold is ADD else None


def uses(
    stepper: Stepper, iteration: int, tensor: str, index: tuple[int, ...]
) -> tuple[int, list[Flow]]:
    """How many steps of `iteration` read ``tensor[index]``, and the first `MOST` of them.

    The tensors they read must be there. Raises CnnsimError where there are too many.
    """
    count = 0
    found: list[Flow] = []
    for number, sweep in enumerate(stepper.trace.sweeps):
        if tensor in sweep.tensors:
            room = MOST - len(found)
            more, flows = uses_in(stepper, iteration, number, tensor, index, room)
            count += more
            found += flows
    return count, found


def uses_in(
    stepper: Stepper,
    iteration: int,
    number: int,
    tensor: str,
    index: tuple[int, ...],
    most: int = MOST,
) -> tuple[int, list[Flow]]:
    """The same for the `number`-th sweep alone."""
    trace = stepper.trace
    sweep = trace.sweeps[number]
    steps = stepper.uses(number, tensor, index)
    first = iteration * trace.steps_per_iteration + trace.first_step(number)
    found = _worked_out(stepper, iteration, sweep, first, steps[:most])
    if all(read.tensor != tensor for read in sweep.reads):
        # Sums start from it.
        found = [
            replace(each, values=(), formula="a sum starts from it", term=None) for each in found
        ]
    return len(steps), found


def _worked_out(
    stepper: Stepper, iteration: int, sweep: Sweep, first: int, steps: IntArray
) -> list[Flow]:
    """`steps` of a sweep, all at once: their reads and terms, without their cells' other taps."""
    if not len(steps):
        return []
    trace, tensors = stepper.trace, stepper.iterations.at(iteration)
    cells, taps = np.divmod(steps, sweep.tap_count)
    cell = np.unravel_index(cells, sweep.cells) if sweep.cells else ()
    tap = np.unravel_index(taps, sweep.taps) if sweep.taps else ()
    values = []
    for read, at in zip(sweep.reads, sweep.where(cell, tap, sweep.params), strict=True):
        spread = tuple(np.broadcast_to(np.asarray(axis, np.int64), (len(steps),)) for axis in at)
        array = tensors[read.tensor]
        inside = is_inside(spread, array.shape, len(steps))
        outside = 0.0 if read.outside is None else read.outside
        values.append(gather(array, spread, inside, outside))
    with np.errstate(all="ignore"):
        terms = sweep.term(tuple(values), cell, tap, sweep.params)
    terms = np.broadcast_to(np.asarray(terms, np.float64), (len(steps),))
    return [
        Flow(
            first + step,
            format_address(trace, trace.position(first + step)),
            tuple(float(array[number]) for array in values),
            sweep.formula,
            float(terms[number]),
        )
        for number, step in enumerate(steps.tolist())
    ]


def writer_of(
    stepper: Stepper, iteration: int, tensor: str, index: tuple[int, ...]
) -> Position | None:
    """The last step of the cell that writes ``tensor[index]``; None for what nothing computes.

    A parameter of a later iteration was written by the update of the one before.
    """
    trace = stepper.trace
    carried = stepper.scenario.iteration.carried
    if iteration and tensor in carried:
        return writer_of(stepper, iteration - 1, carried[tensor], index)
    for number, sweep in enumerate(trace.sweeps):
        if sweep.writes == tensor:
            last = tuple(extent - 1 for extent in sweep.taps)
            return Position(iteration, number, index, last)
    return None
