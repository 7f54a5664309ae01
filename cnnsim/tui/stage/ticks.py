"""The ticks of the timeline: cells of a lesson, layers of a network."""

from __future__ import annotations

from cnnsim.steps.trace import Trace, unravel
from cnnsim.tui.drawing.timeline import Tick
from cnnsim.tui.stage.narrate import number
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import View

#: Up to so many cells get a tick each.
_MOST_CELLS = 24


def ticks_of(stage: Stage, view: View) -> list[Tick]:
    """A tick for each cell where they are few, else for each layer."""
    trace = stage.stepper.trace
    cells = sum(sweep.cell_count for sweep in trace.sweeps)
    if cells <= _MOST_CELLS and len(trace) > 1:
        return _cell_ticks(stage, trace, view)
    last = max(len(trace) - 1, 1)
    found = []
    layers: list[str] = []
    busy = {sweep.layer for sweep in trace.sweeps if sweep.counts_macs}
    for place, sweep in enumerate(trace.sweeps):
        # Between layers of millions of steps the others are a hair's breadth wide.
        if sweep.layer in layers or (busy and sweep.layer not in {*busy, view.sweep.layer}):
            continue
        layers.append(sweep.layer)
        first = trace.first_step(place)
        now = sweep.layer == view.sweep.layer
        found.append(Tick(first / last, sweep.layer, first <= view.step, now))
    return found


def _cell_ticks(stage: Stage, trace: Trace, view: View) -> list[Tick]:
    last = len(trace) - 1
    found = []
    several = len(trace.sweeps) > 1
    for place, sweep in enumerate(trace.sweeps):
        first = trace.first_step(place)
        done = view.position.sweep > place
        for cell in range(sweep.cell_count):
            at = unravel(cell, sweep.cells)
            here = view.position.sweep == place and view.cell == cell
            passed = done or (view.position.sweep == place and cell < view.cell)
            name = sweep.full_name if several and cell == 0 else "y"
            label = f"{name}[{','.join(map(str, at[1:] or at))}]"
            if passed and stage.stepper.values.is_ready(sweep.writes):
                label += f" = {number(float(stage.stepper.values[sweep.writes][at]))}"
            position = (first + cell * sweep.tap_count) / last
            found.append(Tick(position, label, passed, here))
    return found
