"""Where the value that a step reads goes, within its sweep."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.stepper.flow import Flow, uses_in
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry
from cnnsim.tui.stage.view import View


@dataclass(frozen=True, slots=True)
class Scatter:
    """One value, and every step of a sweep that reads it.

    Attributes:
        entry: the value's name, ``conv1.dy[0,0,1,0]``.
        value: the value.
        count: how many steps read it.
        uses: the first of them.
        into: for each of them, the cell of the tensor being filled.
    """

    entry: str
    value: float | None
    count: int
    uses: tuple[Flow, ...]
    into: tuple[tuple[int, ...], ...]


def scatter_of(stepper: Stepper, view: View) -> Scatter | None:
    """The uses of the read that `view` scatters; None where it reads nothing there."""
    if view.scatter is None:
        return None
    read = view.reading.reads[view.scatter]
    if read.index is None or not read.inside:
        return None
    position = view.position
    count, flows = uses_in(stepper, position.iteration, position.sweep, read.tensor, read.index)
    into = tuple(stepper.trace.position(flow.step).cell for flow in flows)
    entry = format_entry(read.tensor, read.index)
    return Scatter(entry, read.value, count, tuple(flows), into)
