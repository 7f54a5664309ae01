"""Looking into a scenario file for the home screen: costs, and the matrices of its first layer."""

from __future__ import annotations

from dataclasses import replace

from cnnsim.amounts import counted
from cnnsim.network.walk import walk
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.opening import open_scenario
from cnnsim.tui.drawing.numbers import count, short_count
from cnnsim.tui.drawing.plane import Plane
from cnnsim.tui.home.preview import Preview
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import View

#: Scenarios with fewer steps show the matrices of their first layer.
_MOST_STEPS = 20_000


def preview_of(source: str) -> Preview:
    """The whole preview. Raises FileError or UsageError."""
    scenario = open_scenario(source)
    model = scenario.model
    trace = scenario.trace
    totals = walk(scenario.network)
    cells = sum(sweep.cell_count for sweep in trace.sweeps)
    shape = "×".join(map(str, scenario.network.input_shape))
    big = len(trace) >= 10**6
    facts = [
        ("goal", model.goal),
        ("needs", model.needs),
        ("steps", f"{short_count(len(trace)) if big else count(len(trace))}"
                  f", {counted(cells, 'cell')}, {counted(trace.macs, 'multiply-add')}"),
        ("input", shape),
        ("layers", f"{len(scenario.network.layers)}, "
                   f"{counted(totals.total('params'), 'parameter')}"),
        ("tour", counted(len(model.tour), "note") if model.tour else "none"),
    ]  # fmt: skip
    matrices = _matrices(scenario) if len(trace) <= _MOST_STEPS else ()
    return Preview(
        source, model.title, model.about, tuple(f for f in facts if f[1]), tuple(matrices),
        model.data is not None,
    )  # fmt: skip


def _matrices(scenario: Scenario) -> list[tuple[str, str, Plane]]:
    """Input, kernel and finished output of the first sweep."""
    stepper = Stepper(scenario)
    sweep = stepper.trace.sweeps[0]
    last = stepper.trace.ends[0] - 1
    position = stepper.trace.position(last)
    stepper.values.compute([sweep.writes])
    view = View(
        scenario.name, last, len(stepper.trace), stepper.trace.macs, sweep, position,
        stepper.work(position), stepper.read(last),
    )  # fmt: skip
    stage = Stage(stepper)
    found = []
    for matrix in stage.matrices(view):
        if matrix.is_lens:
            continue
        plane = replace(stage.plane(view, matrix), now=None, field=None, notes={}, winner=None)
        rows, columns = matrix.slice.rows, matrix.slice.columns
        found.append((matrix.tensor, f"{rows}×{columns}", plane))
    return found
