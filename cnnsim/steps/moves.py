"""Moves through a trace by product, cell, row, channel or layer, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnnsim.steps.taps import Reach
from cnnsim.steps.trace import Position, Trace, ravel

#: From finest to coarsest.
UNITS = ("product", "cell", "row", "channel", "layer")

#: ``(position) -> reach of its cell``, so that moves can see padding and holes.
ReachOf = Callable[[Position], Reach]


def move(
    trace: Trace,
    step: int,
    unit: str,
    forward: bool,
    reach_of: ReachOf,
    skip_padding: bool = False,
) -> int:
    """The step one `unit` on from `step`; `step` itself where there is nothing further.

    Holes are skipped always, padding if asked: a unit begins at its first step that is not
    skipped. Going back inside a unit first goes to its beginning, as a text cursor does with
    words; going on from the last unit goes to the last step.
    """

    def first(start: int, stop: int) -> int | None:
        return _shown(trace, start, stop, reach_of, skip_padding)

    def last(start: int) -> int:
        found = _shown(trace, start, -1, reach_of, skip_padding)
        return step if found is None else found

    if unit == "product":
        if not forward:
            return last(step - 1)
        found = first(step + 1, len(trace))
        return step if found is None else found
    start, end = _unit_around(trace, step, unit)
    if forward:
        found = first(end, len(trace))
        return max(step, last(len(trace) - 1)) if found is None else found
    stop = step
    while (found := first(start, stop)) is None:
        if start == 0:
            return step
        stop = start
        start, _ = _unit_around(trace, stop - 1, unit)
    return found


def _unit_around(trace: Trace, step: int, unit: str) -> tuple[int, int]:
    """The first step of the unit that `step` is in, and of the one after."""
    position = trace.position(step)
    sweep = trace.sweep_of(position)
    base = position.iteration * trace.steps_per_iteration + trace.first_step(position.sweep)
    length = sweep.tap_count * _cells_in(sweep.cells, unit)
    start = step - (step - base) % length
    return start, start + length


def _cells_in(cells: tuple[int, ...], unit: str) -> int:
    """How many cells a unit holds; `cells` end in the fastest axis."""
    keep = {"cell": 0, "row": 1, "channel": 2}.get(unit, len(cells))
    return prod(cells[max(0, len(cells) - keep) :])


def _shown(
    trace: Trace, start: int, stop: int, reach_of: ReachOf, skip_padding: bool
) -> int | None:
    """The first step from `start` to before `stop`, up or down, that is not skipped."""
    at, forward = start, stop > start
    while at < stop if forward else at > stop:
        position = trace.position(at)
        sweep = trace.sweep_of(position)
        if not (skip_padding or any(read.outside is None for read in sweep.reads)):
            return at
        reach = reach_of(position)
        shown = ~(reach.hole | reach.padding) if skip_padding else ~reach.hole
        tap = ravel(position.tap, sweep.taps)
        found = shown[tap:].nonzero()[0] if forward else shown[tap::-1].nonzero()[0]
        if len(found):
            at += int(found[0]) if forward else -int(found[0])
            return at if (at < stop if forward else at > stop) else None
        at += sweep.tap_count - tap if forward else -tap - 1
    return None
