"""The taps of a cell as columns of an equation or a ledger."""

from __future__ import annotations

import numpy as np

from cnnsim.steps.trace import unravel
from cnnsim.tui.drawing.ledger import COLUMN, WIDEST, Format, State, TermColumn
from cnnsim.tui.drawing.numbers import decimals_for, exact_decimals, format_number, number
from cnnsim.tui.stage.formula import formula_with
from cnnsim.tui.stage.symbols import symbols_of
from cnnsim.tui.stage.view import View

#: Below this six decimals show fewer than two digits.
_LEAST_PLAIN = 1e-5


def term_columns(view: View, taps: range, letters: tuple[str, ...] = ()) -> list[TermColumn]:
    """The columns of `taps`; what comes after this step stays open.

    With `letters` for its reads the terms are symbols, else numbers.
    """
    sweep, work = view.sweep, view.work
    columns = []
    for tap in taps:
        state: State = "done" if tap < view.tap else "now" if tap == view.tap else "later"
        hole = bool(work.reach.hole[tap])
        outside = None
        if hole:
            outside = "hole"
        elif not all(bool(inside[tap]) for inside in work.reach.inside):
            outside = "padding"
        reads = tuple(None if hole else float(values[tap]) for values in work.values)
        at = unravel(tap, sweep.taps)
        names = symbols_of(view, tap, letters) if letters else [number(value) for value in reads]
        columns.append(
            TermColumn(
                tap=",".join(map(str, at)),
                reads=reads,
                text=formula_with(view, names) if not hole else "none",
                term=None if hole or tap > view.tap else float(work.terms[tap]),
                running=None if tap > view.tap else folded_after(view, tap),
                state=state,
                outside=outside,
                names=tuple(names) if letters else (),
            )
        )
    return columns


def equation_decimals(view: View) -> int | None:
    """Decimals that the terms and the sums share, from the whole cell: columns never shift.

    None where one of them would be too wide with them, or all of them too small: each number then
    has digits of its own.
    """
    work = view.work
    start = np.nan if work.start is None else work.start
    values = np.concatenate([work.terms, work.running, [work.total, start]])
    values = values[np.isfinite(values)]
    decimals = max(_decimals(work.terms), _decimals(np.append(work.running[:-1], work.total)))
    largest = float(np.abs(values).max(initial=0.0))
    too_wide = len(format_number(largest, decimals, sign=True)) > WIDEST
    return None if too_wide or 0 < largest < _LEAST_PLAIN else decimals


def _decimals(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> int:
    """Enough for three digits of the largest, none for whole numbers, at most six."""
    finite = values[np.isfinite(values)]
    if not finite.size or (finite == np.floor(finite)).all():
        return 0
    largest = float(np.abs(finite).max())
    if largest == 0:
        return 0
    simple = exact_decimals(finite)
    if simple is not None:
        return simple
    return int(min(max(3 - np.floor(np.log10(largest)), 2), 6))


def ledger_formats(view: View, reads: int) -> list[Format]:
    """(decimals, power of ten) of the first `reads` reads, of the terms and of the sums.

    From the whole cell, as `equation_decimals`; what is small or large is divided by a power of
    ten, for a column has room for eight characters.
    """
    work = view.work
    sums = np.append(work.running[:-1], work.total)
    found = [_format(values, 4) for values in work.values[:reads]]
    return [*found, _format(work.terms, 5), _format(sums, 5)]


def _format(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], most: int) -> Format:
    """As many decimals as say something, up to `most`, and no more than a column has room for."""
    _, power = decimals_for(values)
    if power:
        return min(most, 4), power
    decimals = _decimals(values)
    if decimals <= 2 and np.array_equal(np.round(values, decimals), values, equal_nan=True):
        return decimals, 0
    whole = len(str(int(np.abs(values[np.isfinite(values)]).max(initial=0.0))))
    return max(min(most, COLUMN - 2 - whole), 0), 0


def folded_after(view: View, tap: int) -> float:
    """The fold after a tap, before any finish."""
    last = tap == view.sweep.tap_count - 1
    return view.work.total if last else float(view.work.running[tap])
