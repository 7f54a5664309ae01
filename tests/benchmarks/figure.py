"""A measured figure: what was measured how often, and the budget it has."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """Samples of one quantity, and what they may be at most.

    Attributes:
        group: the group of benchmarks it belongs to.
        what: the quantity, in words.
        samples: the measured values, in `unit`.
        unit: ``ms``, ``s``, ``MB`` or ``steps/s``.
        budget: the most that is allowed; None where nothing was promised.
        share: which sample counts: 0.5 is the median, 0.95 the one that 95% stay below.
    """

    group: str
    what: str
    samples: tuple[float, ...]
    unit: str
    budget: float | None = None
    share: float = 0.5

    @property
    def value(self) -> float:
        """The sample that counts."""
        return percentile(self.samples, self.share)

    @property
    def is_ok(self) -> bool:
        """Within the budget; true where there is none."""
        return self.budget is None or self.value <= self.budget

    @property
    def statistic(self) -> str:
        """``median of 9``, ``p95 of 120``, ``one``."""
        count = len(self.samples)
        if count == 1:
            return "one run"
        name = "median" if self.share == 0.5 else f"p{100 * self.share:g}"
        return f"{name} of {count}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of a figure."""
        return {
            "kind": "figure",
            "group": self.group,
            "what": self.what,
            "unit": self.unit,
            "statistic": self.statistic,
            "value": self.value,
            "least": min(self.samples),
            "most": max(self.samples),
            "n": len(self.samples),
            "budget": self.budget,
            "ok": None if self.budget is None else self.is_ok,
        }


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that a `share` of all samples does not exceed; the median at 0.5."""
    if share == 0.5:
        return statistics.median(samples)
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def amount(value: float, unit: str) -> str:
    """``12.3 ms``: three digits, for nobody can rely on more."""
    if unit == "steps/s":
        return f"{value:,.0f} {unit}"
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{decimals}f} {unit}"


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [("what", "measured", "", "range", "budget", "")]
    for figure in figures:
        low, high = min(figure.samples), max(figure.samples)
        unit = figure.unit
        spread = "" if low == high else f"{amount(low, '').strip()} – {amount(high, '').strip()}"
        budget = "" if figure.budget is None else f"{figure.budget:g} {unit}"
        verdict = "" if figure.budget is None else "ok" if figure.is_ok else "OVER"
        measured = amount(figure.value, unit)
        rows.append((figure.what, measured, figure.statistic, spread, budget, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    right = (False, True, False, True, True, False)
    lines = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])
