"""The term of a step with its numbers, or with names in their place."""

from __future__ import annotations

import re

from cnnsim.tui.drawing.numbers import in_formula, number
from cnnsim.tui.stage.view import View


def term_text(view: View) -> str:
    """The term with its numbers: ``7·(−1)``, params included."""
    text = formula_with(view, [number(read.value) for read in view.reading.reads])
    params = view.sweep.params._asdict() if view.sweep.params else {}
    if "ε" in text:
        text = text.replace("ε", f"{params['epsilon']:g}")
    named = {name: value for name, value in params.items() if name in view.sweep.formula}
    return re.sub(r"[a-z_]+", lambda m: number(named[m[0]]) if m[0] in named else m[0], text)


def formula_with(view: View, names: list[str]) -> str:
    """The sweep's formula with `names` for its reads; negative numbers in brackets."""
    bracketed = [in_formula(name) for name in names]
    formula = view.sweep.formula
    if formula == "{0}":
        return names[0]
    return formula.format(*bracketed)
