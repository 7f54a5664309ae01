"""The ticks of the timeline: cells of a lesson, layers of a network."""

from __future__ import annotations

from cnnsim.steps.trace import Trace, unravel
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.drawing.timeline import Tick
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import View

#: Up to so many cells get a tick each.
_MOST_CELLS = 24


def ticks_of(stage: Stage, view: View) -> list[Tick]:
    """Cells where they are few, else layers; with several iterations, the iterations."""
    trace = stage.stepper.trace
    if trace.iterations > 1:
        return _iteration_ticks(trace, view)
    cells = sum(sweep.cell_count for sweep in trace.sweeps)
    if cells <= _MOST_CELLS and len(trace) > 1:
        return _cell_ticks(stage, trace, view)
    return _layer_ticks(stage, trace, view)


def _iteration_ticks(trace: Trace, view: View) -> list[Tick]:
    """The beginning of each iteration, or of every so many."""
    every = -(-trace.iterations // _MOST_CELLS)
    return [
        Tick(
            number / trace.iterations,
            f"iteration {number}",
            number == view.position.iteration - view.position.iteration % every,
        )
        for number in range(0, trace.iterations, every)
    ]


def _layer_ticks(stage: Stage, trace: Trace, view: View) -> list[Tick]:
    """The first step of each layer, forwards; of each layer's gradients; of the update."""
    iteration = stage.stepper.scenario.iteration
    last = max(len(trace) - 1, 1)
    found = []
    known: set[str] = set()
    busy = {sweep.layer for sweep in trace.sweeps if sweep.counts_macs}
    for place, sweep in enumerate(trace.sweeps):
        phase = iteration.phase_of(place)
        label = {"backward": f"∂{sweep.layer}", "update": "update"}.get(phase, sweep.layer)
        # Between layers of millions of steps the others are a hair's breadth wide.
        small = busy and phase in ("forward", "backward") and sweep.layer not in busy
        now = view.position.sweep == place or (
            sweep.layer == view.sweep.layer and phase == iteration.phase_of(view.position.sweep)
        )
        if label in known or (small and not now):
            continue
        known.add(label)
        first = trace.first_step(place)
        found.append(Tick(first / last, label, now))
    return found


def _cell_ticks(stage: Stage, trace: Trace, view: View) -> list[Tick]:
    last = len(trace) - 1
    found = []
    values = stage.stepper.values
    several = len(trace.sweeps) > 1
    for place, sweep in enumerate(trace.sweeps):
        first = trace.first_step(place)
        done = view.position.sweep > place
        for cell in range(sweep.cell_count):
            at = unravel(cell, sweep.cells)
            here = view.position.sweep == place and view.cell == cell
            passed = done or (view.position.sweep == place and cell < view.cell)
            role = sweep.writes.rpartition(".")[2]
            name = sweep.full_name if several and cell == 0 else role
            # The batch goes without saying where it is one.
            shown = at[sweep.cells[0] == 1 :] or at if at else at
            label = f"{name}[{','.join(map(str, shown))}]"
            if passed and values.is_ready(sweep.writes):
                label += f" = {number(float(values[sweep.writes][at]))}"
            position = (first + cell * sweep.tap_count) / last
            found.append(Tick(position, label, here, several and cell == 0))
    return found
