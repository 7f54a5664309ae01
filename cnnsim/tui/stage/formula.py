"""The term of a step with its numbers, or with names in their place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnnsim.steps.sweep import Sweep
from cnnsim.tui.drawing.numbers import in_formula, number
from cnnsim.tui.stage.view import View


def term_text(view: View) -> str:
    """The term with its numbers: ``7·(−1)``, params included."""
    return written_out(view.sweep, [read.value for read in view.reading.reads])


def written_out(sweep: Sweep, values: Sequence[float | None]) -> str:
    """The formula of a sweep with `values` for its reads, params included."""
    text = _filled(sweep, [number(value) for value in values])
    params = sweep.params._asdict() if sweep.params else {}
    if "ε" in text:
        text = text.replace("ε", number(params["epsilon"]))
    named = {name: value for name, value in params.items() if name in sweep.formula}
    return re.sub(r"[a-z_]+", lambda m: number(named[m[0]]) if m[0] in named else m[0], text)


def formula_with(view: View, names: list[str]) -> str:
    """The sweep's formula with `names` for its reads; negative numbers in brackets."""
    return _filled(view.sweep, names)


def _filled(sweep: Sweep, names: list[str]) -> str:
    if sweep.formula == "{0}":
        return names[0]
    return sweep.formula.format(*map(in_formula, names))
