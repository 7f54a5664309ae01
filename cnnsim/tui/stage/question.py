"""The question about a step that is not shown yet, and the working of its answer."""

from __future__ import annotations

from cnnsim.stepper.guess import Guess
from cnnsim.tui.stage.narrate import number, term_text
from cnnsim.tui.stage.view import View


def question(view: View, whole_cell: bool = False) -> str:
    """What to ask about the step of `view`: its result, or that of its whole cell."""
    cell = f"{view.sweep.writes}[{','.join(map(str, view.position.cell))}]"
    fold, reading = view.sweep.fold, view.reading
    if fold is None:
        return f"{cell} = {term_text(view)} = ?"
    if whole_cell:
        return f"what does {cell} come to, after all {view.sweep.tap_count} of its terms?"
    if reading.why == "hole":
        return f"no product exists for the next tap. {number(reading.before)} becomes …?"
    term, before = term_text(view), number(reading.before)
    if fold.name == "add":
        text = f"the sum is {before}, and {term} is added. What is it then?"
    else:
        what = "largest" if fold.name == "larger" else "smallest"
        text = f"the {what} so far is {before}, and {term} comes. What is it then?"
    if reading.total is not None:
        finish = view.sweep.finish_text("the sum", view.position.cell)
        text += f" (The cell ends with {finish}.)"
    return text


def verdict(view: View, guess: Guess) -> str:
    """Whether the guess about the step of `view` was right, with the working."""
    reading, fold = view.reading, view.sweep.fold
    mark = "✓ right" if guess.is_right(reading.after) else f"✗ not {number(guess.value)}"
    after = number(reading.after)
    if fold is None or reading.term is None:
        return f"{mark}: {term_text(view)} = {after}" if reading.term is not None else mark
    term, before = number(reading.term), number(reading.before)
    folded = number(reading.after if reading.total is None else reading.total)
    if fold.name == "add":
        sign, size = ("−", term[1:]) if term.startswith("−") else ("+", term)
        working = f"{before} {sign} {size} = {folded}"
    else:
        what = "larger" if fold.name == "larger" else "smaller"
        working = f"the {what} of {before} and {term} is {folded}"
    if reading.total is not None:
        working += f", {view.sweep.finish_text(folded, view.position.cell)} = {after}"
    product = term_text(view)
    return f"{mark}: {product} = {term}, {working}" if product != term else f"{mark}: {working}"
