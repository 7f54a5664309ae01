"""A cell in symbols: every value by its letter, row and column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnsim.steps.sweep import Start
from cnnsim.tui.stage.formula import formula_with
from cnnsim.tui.stage.names import letter_of
from cnnsim.tui.stage.view import View

#: Terms of a sum that are written out.
_MOST_WRITTEN = 4


def cell_form(view: View, letters: tuple[str, ...]) -> str:
    """The sum of the cell in symbols: ``y01 = b + x00·w00 + x01·w01 + …``."""
    sweep = view.sweep
    taps = np.flatnonzero(~view.work.reach.hole)
    written = taps[:_MOST_WRITTEN].tolist()
    terms = [formula_with(view, symbols_of(view, tap, letters)) for tap in written]
    if len(taps) > len(written):
        terms.append("…")
    name = _symbol(letter_of(sweep.writes), view.position.cell)
    if sweep.fold is None:
        return f"{name} = {terms[0]}"
    if sweep.fold.kept:
        return f"{name} = {sweep.fold.total}({', '.join(terms)})"
    if isinstance(sweep.start, Start):
        start = sweep.start.where(view.position.cell, sweep.params)
        terms.insert(0, _symbol(letter_of(sweep.start.tensor), start))
    whole = " + ".join(terms)
    if sweep.has_finish:
        whole = sweep.finish_text(f"({whole})", view.position.cell)
    return f"{name} = {whole}"


def symbols_of(view: View, tap: int, letters: tuple[str, ...]) -> list[str]:
    """The short names of what a tap reads."""
    indices = view.work.reach.indices
    return [
        _symbol(letter, [int(axis[tap]) for axis in index])
        for letter, index in zip(letters, indices, strict=True)
    ]


def _symbol(letter: str, index: Sequence[int]) -> str:
    """A short name, by row and column: ``x02``, ``w0,11``."""
    place = index[-2:]
    separator = "," if any(at > 9 or at < 0 for at in place) else ""
    return letter + separator.join(map(str, place)).replace("-", "−")
