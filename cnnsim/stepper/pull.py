"""What moved one number of a parameter in an update: the optimiser's rule, and the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.errors import UsageError
from cnnsim.kernels.fill import Report, silent
from cnnsim.network.optimizer import Slot
from cnnsim.stepper.flow import Flow, terms_of
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Position


@dataclass(frozen=True, slots=True)
class Rule:
    """One step of the update.

    Attributes:
        sweep: which one, with the rate of its iteration; it writes ``conv1.w_next`` for example.
        values: what it reads.
        value: its result.
        step: its number.
    """

    sweep: Sweep
    values: tuple[float | None, ...]
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class Pull:
    """An update of one number.

    Attributes:
        before: the number as it was; `after` the update.
        gradient: dL/dw, the sum of all terms.
        rules: of the update, in order; the last one writes `after`.
        terms: of the gradient, those that moved it most first; `count` there are in all.
    """

    before: float
    gradient: float
    after: float
    rules: tuple[Rule, ...]
    terms: tuple[Flow, ...]
    count: int


def slot_named(stepper: Stepper, tensor: str) -> Slot:
    """The parameter that is trained under that name. Raises UsageError."""
    iteration = stepper.scenario.iteration
    for slot in iteration.slots if iteration.optimizer else ():
        if slot.name == tensor:
            return slot
    raise UsageError(f"{tensor} is not trained", "watch a parameter that an update changes")


def pull_on(
    stepper: Stepper,
    iteration: int,
    tensor: str,
    index: tuple[int, ...],
    most: int = 50,
    report: Report = silent,
) -> Pull:
    """The update of ``tensor[index]`` in `iteration`, with the `most` largest terms.

    Computes what it needs; `report` hears of that, and may raise. Raises UsageError where nothing
    trains the tensor.
    """
    slot = slot_named(stepper, tensor)
    trace, values = stepper.trace, stepper.iterations.at(iteration)
    values.compute([slot.gradient, slot.updated], report)
    rules = []
    terms: list[Flow] = []
    for number, sweep in enumerate(trace.sweeps):
        if sweep.writes == slot.gradient:
            last = tuple(extent - 1 for extent in sweep.taps)
            terms = terms_of(stepper, Position(iteration, number, index, last))
        elif sweep.writes.startswith(f"{slot.name}_") and sweep.cells == slot.shape:
            flow = terms_of(stepper, Position(iteration, number, index, ()))[0]
            value = float(values[sweep.writes][index])
            here = trace.sweep_of(trace.position(flow.step))
            rules.append(Rule(here, flow.values, value, flow.step))
    return Pull(
        float(values[tensor][index]),
        float(values[slot.gradient][index]),
        float(values[slot.updated][index]),
        tuple(rules),
        tuple(terms[:most]),
        len(terms),
    )
