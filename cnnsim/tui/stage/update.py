"""What the optimiser makes of a gradient: the numbers around a cell, before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnsim.network.optimizer import Slot
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.trace import unravel
from cnnsim.tui.stage.view import View


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a parameter. What the run has not come to yet is None.

    Attributes:
        index: its place.
        before, gradient, after: w, dw, and w after the update.
        is_now: it is the one at work.
    """

    index: tuple[int, ...]
    before: float
    gradient: float | None
    after: float | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class Update:
    """A parameter's update around the cell at work: ``name`` is ``conv1.w``, ``rule`` a formula."""

    name: str
    rule: str
    changes: tuple[Change, ...]


def slot_of(stepper: Stepper, view: View) -> Slot | None:
    """The parameter that the sweep of `view` belongs to: its gradient, or its update."""
    for slot in stepper.scenario.iteration.slots if stepper.scenario.iteration.optimizer else ():
        ours = (slot.gradient, slot.updated, slot.name)
        sweep = view.sweep
        is_update = sweep.layer == slot.layer and sweep.name.endswith(f"_{slot.role}")
        if sweep.writes in ours or (is_update and sweep.cells == slot.shape):
            return slot
    return None


def update_of(stepper: Stepper, view: View, most: int) -> Update | None:
    """At most `most` numbers around the one at work; None where nothing is updated here."""
    slot = slot_of(stepper, view)
    if slot is None:
        return None
    trace, values = stepper.trace, stepper.iterations.at(view.position.iteration)
    if not all(values.is_ready(name) for name in (slot.name, slot.gradient, slot.updated)):
        return None
    places = {sweep.writes: place for place, sweep in enumerate(trace.sweeps)}
    rule = trace.sweeps[places[slot.updated]]
    size = int(np.prod(slot.shape))
    first = min(max(view.cell - most // 2, 0), max(size - most, 0))
    changes = []
    for number in range(first, min(first + most, size)):
        index = unravel(number, slot.shape)
        gradient, after = (
            float(values[name][index]) if _is_done(view, places, name, number) else None
            for name in (slot.gradient, slot.updated)
        )
        before = float(values[slot.name][index])
        changes.append(Change(index, before, gradient, after, number == view.cell))
    letters = (read.tensor.rpartition(".")[2] for read in rule.reads)
    return Update(slot.name, rule.formula.format(*letters), tuple(changes))


def _is_done(view: View, places: dict[str, int], name: str, number: int) -> bool:
    """Whether the run has come to the `number`-th cell of tensor `name`."""
    place = places.get(name)
    if place is None:
        return True
    here = view.position.sweep
    if place != here:
        return place < here
    return number < view.cell or (number == view.cell and view.is_last_tap)
