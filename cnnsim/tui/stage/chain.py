"""The chain of the backward pass: from the loss down, layer by layer, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cnnsim.network.graph import INPUT
from cnnsim.network.loss import LOSS
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Sweep
from cnnsim.tui.drawing.numbers import count, number
from cnnsim.tui.stage.view import View

State = Literal["done", "now", "later"]


@dataclass(frozen=True, slots=True)
class Link:
    """A layer of the chain, or the loss it starts from.

    Attributes:
        name: what it is called.
        detail: how far it is, or what came of it.
        state: done, at work, or still to come.
        step: its first step; None where there is nothing to step through.
    """

    name: str
    detail: str
    state: State
    step: int | None


def chain_of(stepper: Stepper, view: View) -> list[Link]:
    """The links from the loss to the input; empty in the forward pass, and without gradients."""
    iteration, trace = stepper.scenario.iteration, stepper.trace
    if not iteration.gradients or iteration.phase_of(view.position.sweep) == "forward":
        return []
    start = view.position.iteration * trace.steps_per_iteration
    by_layer: dict[str, list[int]] = {}
    for place, sweep in enumerate(trace.sweeps):
        if iteration.phase_of(place) in ("loss", "backward", "update"):
            by_layer.setdefault(sweep.layer, []).append(place)
    links = []
    if iteration.loss is None:
        links.append(Link("output_grad", "given", "done", None))
    for layer, places in by_layer.items():
        first = start + trace.first_step(places[0])
        links.append(Link(layer, *_progress(stepper, view, layer, places), first))
    if INPUT not in by_layer:
        shape = "×".join(map(str, stepper.network.input_shape))
        links.append(Link(INPUT, shape, "later", None))
    return links


def _progress(stepper: Stepper, view: View, layer: str, places: list[int]) -> tuple[str, State]:
    """What to say of a layer whose sweeps are at `places`."""
    sweeps = stepper.trace.sweeps
    here = view.position.sweep
    if here in places:
        role = sweeps[here].writes.rpartition(".")[2]
        return f"{role} {count(view.cell + 1)} of {count(sweeps[here].cell_count)}", "now"
    done = [sweeps[place] for place in places if place < here]
    if not done:
        return "not yet", "later"
    values = stepper.iterations.at(view.position.iteration)
    if layer == LOSS and values.is_ready(LOSS):
        return f"{number(float(values[LOSS]))} ✓", "done"
    return f"{_result(done)} ✓", "done"


def _result(sweeps: list[Sweep]) -> str:
    """The last thing that was made: ``dx 2×3×3``."""
    last = sweeps[-1]
    shape = last.cells[1:] if len(last.cells) > 1 and last.cells[0] == 1 else last.cells
    return f"{last.writes.rpartition('.')[2]} {'×'.join(map(str, shape))}"
