"""What the stepper shows of a step."""

from __future__ import annotations

from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.stops import Stops
from cnnsim.tui.stage.view import View


def view_of(stepper: Stepper, at: int | str, **options) -> View:
    """The view of step number or address `at`."""
    step = stepper.find(at) if isinstance(at, str) else at
    position = stepper.trace.position(step)
    stops = Stops(stepper)
    return View(
        stepper.scenario.name, step, len(stepper.trace), stepper.trace.macs,
        stepper.trace.sweep_of(position), position, stepper.work(position), stepper.read(step),
        stop=stops.at(step), stops=len(stops), **options,
    )  # fmt: skip
