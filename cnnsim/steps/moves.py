"""Moves through a trace by product, cell, row, channel or layer, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable

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

    Holes are skipped always, padding if asked. Going back to a unit that has begun first goes to
    its beginning, as a text cursor does with words.
    """
    if unit == "product":
        target = step + (1 if forward else -1)
    else:
        target = _unit_start(trace, step, unit, forward)
    if not 0 <= target < len(trace):
        if unit == "product" or not forward:
            return step
        target = len(trace) - 1
        return _settle(trace, target, step, False, reach_of, skip_padding)
    return _settle(trace, target, step, forward, reach_of, skip_padding)


def _unit_start(trace: Trace, step: int, unit: str, forward: bool) -> int:
    """The first step of the next unit, or of this or the previous one going back."""
    position = trace.position(step)
    sweep = trace.sweep_of(position)
    base = position.iteration * trace.steps_per_iteration + trace.first_step(position.sweep)
    length = sweep.tap_count * _cells_in(sweep.cells, unit)
    inside = step - base
    number, rest = divmod(inside, length)
    if forward:
        return base + min((number + 1) * length, sweep.steps)
    if rest or not inside:
        if rest:
            return base + number * length
        if base == 0:
            return 0
        # The previous sweep's last unit.
        previous = trace.sweeps[position.sweep - 1]
        last = previous.tap_count * _cells_in(previous.cells, unit)
        return base - (previous.steps % last or last)
    return base + (number - 1) * length


def _cells_in(cells: tuple[int, ...], unit: str) -> int:
    """How many cells a unit holds; `cells` end in the fastest axis."""
    keep = {"cell": 0, "row": 1, "channel": 2}.get(unit, len(cells))
    count = 1
    for extent in cells[len(cells) - min(keep, len(cells)) :]:
        count *= extent
    return count


def _settle(
    trace: Trace, target: int, origin: int, forward: bool, reach_of: ReachOf, skip_padding: bool
) -> int:
    """The first step from `target` on, in the direction of travel, that is not skipped."""
    while 0 <= target < len(trace):
        position = trace.position(target)
        sweep = trace.sweep_of(position)
        skippable = any(read.outside is None for read in sweep.reads)
        if not (skippable or skip_padding):
            return target
        reach = reach_of(position)
        skipped = reach.hole | reach.padding if skip_padding else reach.hole
        tap = ravel(position.tap, sweep.taps)
        wanted = (~skipped[tap:]).nonzero()[0] if forward else (~skipped[: tap + 1]).nonzero()[0]
        if len(wanted):
            return target - tap + (tap + int(wanted[0]) if forward else int(wanted[-1]))
        target = target - tap + sweep.tap_count if forward else target - tap - 1
    return origin
