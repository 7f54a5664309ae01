"""The question about a step that is not shown yet, and the working of its answer."""

from __future__ import annotations

from cnnsim.stepper.guess import Guess
from cnnsim.steps.entry import format_entry
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.stage.formula import formula_with, term_text
from cnnsim.tui.stage.view import View

#: Terms of a cell that are written out.
_MOST_TERMS = 9


def question(view: View, whole_cell: bool = False) -> str:
    """What to ask about the step of `view`: its result, or that of its whole cell."""
    cell = format_entry(view.sweep.writes, view.position.cell)
    fold, reading = view.sweep.fold, view.reading
    if fold is None:
        return f"{cell} = {term_text(view)} = ?"
    if whole_cell:
        return f"what does {cell} come to, after all {view.sweep.tap_count} of its terms?"
    if reading.why == "hole":
        return f"no product exists for the next tap. {number(reading.before)} becomes …?"
    term, before = term_text(view), number(reading.before)
    if fold.kept:
        text = f"the {fold.kept} so far is {before}, and {term} comes. What is it then?"
    else:
        text = f"the sum is {before}, and {term} is added. What is it then?"
    if reading.total is not None:
        finish = view.sweep.finish_text("the sum", view.position.cell)
        text += f" (The cell ends with {finish}.)"
    return text


def verdict(view: View, guess: Guess, whole_cell: bool = False) -> str:
    """Whether the guess about the step of `view`, or its whole cell, was right; the working."""
    reading = view.reading
    mark = "✓ right" if guess.is_right(reading.after) else f"✗ not {number(guess.value)}"
    working = _of_cell(view) if whole_cell else _of_step(view)
    return f"{mark}: {working}"


def _of_cell(view: View) -> str:
    """Every term of the cell where they are few, and what they come to."""
    sweep, work = view.sweep, view.work
    if sweep.fold is None or sweep.tap_count > _MOST_TERMS:
        return f"it is {number(view.reading.after)}"
    terms = [
        formula_with(view, [number(float(values[tap])) for values in work.values])
        for tap in range(sweep.tap_count)
        if not work.reach.hole[tap]
    ]
    total = number(work.total)
    if sweep.fold.kept:
        working = f"the {sweep.fold.kept} of {', '.join(terms)} is {total}"
    else:
        start = [number(work.start)] if work.start else []
        working = f"{' + '.join([*start, *terms])} = {total}"
    return working + _finish(view)


def _of_step(view: View) -> str:
    """The term, and what it makes of the sum."""
    reading, fold = view.reading, view.sweep.fold
    after, product = number(reading.after), term_text(view)
    if reading.term is None:
        return "no product exists there"
    if fold is None:
        return f"{product} = {after}"
    term, before = number(reading.term), number(reading.before)
    folded = number(reading.after if reading.total is None else reading.total)
    if fold.kept:
        working = f"the {fold.name} of {before} and {term} is {folded}"
    else:
        sign, size = ("−", term[1:]) if term.startswith("−") else ("+", term)
        working = f"{before} {sign} {size} = {folded}"
    working += _finish(view)
    return f"{product} = {term}, {working}" if product != term else working


def _finish(view: View) -> str:
    """What is done with the total at the end of the cell."""
    total = view.reading.total
    if total is None:
        return ""
    finished = view.sweep.finish_text(number(total), view.position.cell)
    return f", {finished} = {number(view.reading.after)}"
