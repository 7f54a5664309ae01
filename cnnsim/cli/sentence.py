"""A step in one line: ``3·0 = 0   8 + 0 → 8``. Plain minus signs, for lines that get copied."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cnnsim.steps.reading import Reading
from cnnsim.steps.sweep import Sweep

#: A negative number in brackets that stands alone between brackets or commas anyway.
_BRACKETED_TWICE = re.compile(r"(?<=[(])\((-[^()]+)\)(?=[,)])|(?<=, )\((-[^()]+)\)(?=[,)])")


def short(value: float | None) -> str:
    """Up to six digits: ``0.333333``, ``8``, ``1.5e-07``, ``-∞``, ``NaN``; -0 is ``0``."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    if math.isfinite(value):
        return f"{value:.6g}"
    return "NaN" if value != value else "∞" if value > 0 else "-∞"


def bracketed(text: str) -> str:
    """A negative number in brackets, others as they are."""
    return f"({text})" if text.startswith("-") else text


def term_text(
    sweep: Sweep,
    cell: tuple[int, ...],
    tap: tuple[int, ...],
    values: Sequence[float | None],
    term: float | None,
) -> str:
    """``3·0 = 0``: the sweep's formula with its numbers; where that is one number, only it."""
    if term is None:
        return "no product"
    found = short(term)
    if sweep.formula == "{0}":
        return found
    formula = sweep.fill_in(sweep.formula, cell, tap)
    text = formula.format(*(bracketed(short(value)) for value in values))
    text = _BRACKETED_TWICE.sub(lambda match: match[1] or match[2], text)
    # A condition has an equals sign of its own.
    return f"{text} → {found}" if " if " in text else f"{text} = {found}"


def fold_text(
    sweep: Sweep, term: float | None, before: float | None, after: float, total: float | None
) -> str:
    """``8 + 0 → 8``; empty where nothing is folded."""
    if sweep.fold is None or before is None:
        return ""
    end = short(after if total is None else total)
    if term is None:
        return f"{short(before)} → {end}"
    if sweep.fold.kept:
        return f"{sweep.fold.total}({short(before)}, {short(term)}) → {end}"
    return f"{short(before)} + {bracketed(short(term))} → {end}"


def finish_text(sweep: Sweep, cell: tuple[int, ...], after: float, total: float | None) -> str:
    """``40 / 4 = 10`` at a cell's last tap; empty where there is no finish."""
    return "" if total is None else f"{sweep.finish_text(short(total), cell)} = {short(after)}"


def sentence(sweep: Sweep, reading: Reading) -> str:
    """All of them, and what lies outside: ``0·2 = 0   4 + 0 → 4   (padding)``."""
    cell, tap = reading.cell, reading.tap
    values = [read.value for read in reading.reads]
    parts = [
        term_text(sweep, cell, tap, values, reading.term),
        fold_text(sweep, reading.term, reading.before, reading.after, reading.total),
        finish_text(sweep, cell, reading.after, reading.total),
        f"({reading.why})" if reading.why else "",
    ]
    return "   ".join(part for part in parts if part)
