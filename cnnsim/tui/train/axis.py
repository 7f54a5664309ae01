"""Axes of charts: where their numbers stand."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np

from cnnsim.tui.drawing.curve import Floats, Limits


@dataclass(frozen=True)
class Axis:
    """A linear or a logarithmic axis from `low` to `high`."""

    low: float
    high: float
    log: bool = False

    def place(self, values: Floats) -> Floats:
        """Where values stand on the way from `limits`; what is off a log axis is NaN."""
        if not self.log:
            return np.asarray(values, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)

    @property
    def limits(self) -> Limits:
        """The ends, as `place` counts."""
        return (log10(self.low), log10(self.high)) if self.log else (self.low, self.high)

    def ticks(self, most: int) -> list[float]:
        """At most so many round numbers between the ends, ascending."""
        if self.log:
            for steps in ((1, 2, 5), (1, 3), (1,)):
                found = _decades(self.low, self.high, steps)
                if len(found) <= most and len(found) > 1:
                    return found
            if len(found) > most:
                return found[:: -(-len(found) // most)]
            return [tick for tick in round_numbers(self.low, self.high, most) if tick > 0]
        return round_numbers(self.low, self.high, most)


def axis_of(values: Floats, log: bool) -> Axis:
    """An axis that all finite values fit on; a log axis wants one above 0."""
    finite = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not finite.size:
        return Axis(0.1, 1.0, log) if log else Axis(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if log:
        return Axis(low / 1.1, high * 1.1, True)
    room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return Axis(max(low - room, 0.0) if low >= 0 else low - room, high + room)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, at most so many."""
    span = high - low
    if not (isfinite(span) and span > 0) or most < 1:
        return []
    power = floor(log10(span / most))
    for step in (10.0 ** (power + n // 3) * (1, 2, 5)[n % 3] for n in range(12)):
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [float(f"{number * step:.12g}") for number in range(first, last + 1)]
    return []


def _decades(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    found = [
        float(f"{step}e{power}")
        for power in range(floor(log10(low)), ceil(log10(high)) + 1)
        for step in steps
    ]
    return [number for number in found if low <= number <= high]
