"""The header's words for a step."""

from __future__ import annotations

from cnnsim.steps.address import bracketed
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.stage.prose import Span
from cnnsim.tui.stage.view import View

#: Places in the path: the program's name, the scenario's, the sweep's.
_PROGRAM, _SCENARIO, _SWEEP = -1, 0, 2


def crumbs_of(view: View) -> list[Span]:
    """Scenario, layer, sweep, cell, tap."""
    iteration = f"{view.position.iteration}:" if view.iterations > 1 else ""
    crumbs = [
        (view.scenario, "bar_dim"),
        (f"{iteration}{view.sweep.layer}", "bar_dim"),
        (view.sweep.name, "bar_dim"),
        (bracketed(view.position.cell), "bar_bold"),
    ]
    if view.position.tap:
        crumbs.append((f"tap{bracketed(view.position.tap)}", "bar_bold"))
    return crumbs


def spare_of(view: View) -> tuple[tuple[int, ...], ...]:
    """What may be left out of the path where room is scarce, the least of it first.

    The scenario's name is worth more than the program's; what tells the place stays.
    """
    if view.sweep.name == "forward":
        # That is obvious.
        return (_SWEEP,), (_SWEEP, _PROGRAM), (_SWEEP, _PROGRAM, _SCENARIO)
    return (_PROGRAM,), (_PROGRAM, _SCENARIO)


def states_of(view: View) -> list[list[Span]]:
    """The step's numbers, what was edited, the size of a step, the speed.

    The first says all; the second not its place among the steps, the third not its mac either. A
    last one, without the step, leaves room for what playing stops at.
    """
    forms = [(True, True, True), (True, False, True), (True, False, False)]
    if view.breakpoint:
        forms.append((False, False, False))
    return [_state(view, *form) for form in forms]


def _state(view: View, has_step: bool, has_place: bool, has_mac: bool) -> list[Span]:
    state: list[Span] = []
    if view.edits:
        state.append((f"{view.edits} edited  ", "bar_bold"))
    if view.recorded:
        state.append((f"● rec {view.recorded}  ", "bar_bold"))
    if view.guesses[1]:
        state.append((f"guessed {view.guesses[0]} of {view.guesses[1]}  ", "bar_bold"))
    if has_step:
        state += [("step ", "bar_dim"), (count(view.step), "bar_bold")]
    if has_place:
        state.append((f"  {count(view.step + 1)} of {count(view.steps)}", "bar_dim"))
    if has_mac and view.reading.mac is not None and view.macs != view.steps:
        # Where other steps lie between them, multiply-adds have numbers of their own.
        state += [("  mac ", "bar_dim"), (count(view.reading.mac), "bar_bold")]
    if view.unit != "product":
        state.append((f"  by {view.unit}", "bar_bold"))
    if view.skip_padding:
        state.append(("  no padding", "bar_dim"))
    if view.breakpoint:
        state.append((f"  to {view.breakpoint}", "bar_bold"))
    mark = "▶" if view.playing else "❚❚"
    state.append((f"  {mark} {view.speed:g}/s", "bar_dim"))
    return state
