"""A step in words: what is read, what is done with it, what becomes of the sum."""

from __future__ import annotations

import math

from cnnsim.steps.sweep import FAR
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.stage.formula import formula_with, term_text
from cnnsim.tui.stage.mapform import map_form
from cnnsim.tui.stage.names import read_letter, read_name
from cnnsim.tui.stage.prose import Paragraph, Span, markdown
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.symbols import cell_form
from cnnsim.tui.stage.view import View


def narrate(stage: Stage, view: View) -> list[Paragraph]:
    """What a guess was worth, the note on the step where there is one, then the step in words."""
    paragraphs: list[Paragraph] = []
    if view.verdict:
        paragraphs += [[(view.verdict, "bold")], []]
    if view.edits and view.stop is not None and view.note == view.stop.say != "":
        paragraphs.append([("The note speaks of the numbers in the file:", "dim")])
    if view.note:
        paragraphs += [*markdown(view.note), []]
    if view.mode == "symbols":
        paragraphs += _in_symbols(stage, view)
    paragraphs.append(_what(stage, view))
    outcome = _outcome(view)
    if outcome:
        paragraphs.append(outcome)
    return paragraphs


def _in_symbols(stage: Stage, view: View) -> list[Paragraph]:
    """The sum of the cell, and of the whole sweep where that has a name."""
    network, sweep = stage.stepper.network, view.sweep
    letters = tuple(read_letter(network, sweep, n) for n in range(len(sweep.reads)))
    found: list[Paragraph] = [[("In symbols: ", "dim"), (cell_form(view, letters), "bold")]]
    if sweep.maps:
        found.append([("In maps: ", "dim"), (map_form(view), "bold")])
    return [*found, []]


def _what(stage: Stage, view: View) -> list[Span]:
    reading = view.reading
    if reading.why == "hole":
        return [("Nothing stands here: no product exists for this tap.", "base")]
    if reading.why == "padding":
        outside = next(read for read in reading.reads if not read.inside)
        place = reading.reads.index(outside)
        where = read_name(stage.stepper.network, view.sweep, place, outside)
        text = f"{where} lies on the padding, beyond the edge. It counts as "
        return [(text, "base"), (number(outside.value), "bold"), (".", "base")]
    network = stage.stepper.network
    symbols = [read_name(network, view.sweep, n, read) for n, read in enumerate(reading.reads)]
    names = formula_with(view, symbols)
    spans: list[Span] = [(f"{names} = {term_text(view)}", "base")]
    if view.sweep.formula != "{0}":
        spans += [(" = ", "base"), (number(reading.term), _sign(reading.term))]
    return [*spans, (".", "base")]


def _sign(value: float | None) -> str:
    if value is None or value == 0 or math.isnan(value):
        return "bold"
    return "minus" if value < 0 else "plus"


def _outcome(view: View) -> list[Span]:
    reading, sweep = view.reading, view.sweep
    if sweep.fold is None:
        return []
    before, after, total = reading.before, reading.after, reading.total
    folded = after if total is None else total
    spans: list[Span] = []
    if view.tap == 0 and sweep.start != 0 and not isinstance(sweep.start, float):
        spans.append((f"The sum starts from {sweep.start.tensor}: {number(before)}. ", "base"))
    if not sweep.fold.kept:
        if before is not None and folded == before:
            spans.append(("The sum stays ", "base"))
        elif number(folded) == number(before):
            spans.append(("The sum hardly changes from ", "base"))
        else:
            falls = "falls" if before is not None and folded < before else "rises"
            spans.append((f"The sum {falls} from {number(before)} to ", "base"))
    else:
        what = sweep.fold.kept
        changed = before is None or folded != before
        if changed and before is not None and math.isinf(before):
            spans.append((f"The {what} so far is ", "base"))
        elif changed:
            spans.append((f"The {what} so far changes from {number(before)} to ", "base"))
        else:
            spans.append((f"The {what} so far stays ", "base"))
    spans.append((number(folded), "now_text"))
    spans.append((".", "base"))
    if total is not None:
        finished = sweep.finish_text(number(total), view.position.cell)
        spans.append((f" Then {finished} = ", "base"))
        spans += [(number(after), "now_text"), (".", "base")]
    elif view.is_last_tap and sweep.tap_count > 1:
        spans.append((" The cell is complete.", "dim"))
    return spans


def origins(view: View) -> list[tuple[str, str, str, str]]:
    """(coordinate, formula, formula with numbers, value) for the coordinates of the reads."""
    found = []
    sweep = view.sweep
    for origin in sweep.origins:
        at = int(view.work.reach.indices[origin.read][origin.axis][view.tap])
        # Between two cells there is none: that is far away from all of them.
        value = "not whole" if at > FAR // 2 else str(at).replace("-", "−")
        filled = sweep.fill_in(origin.formula, view.position.cell, view.position.tap)
        names = sweep.params._asdict() if sweep.params else {}
        shown = origin.formula
        for name in sorted(names, key=len, reverse=True):
            shown = shown.replace(name, str(names[name]))
        found.append((origin.label, shown, filled, value))
    return found
