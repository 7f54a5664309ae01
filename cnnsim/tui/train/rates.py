"""Learning rates that one goes through with a key."""

from __future__ import annotations

from math import floor, log10

#: Within a decade.
_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


def next_rate(rate: float, direction: int) -> float:
    """The next round rate above (1) or below (-1) a positive one."""
    power = floor(log10(rate))
    every = [float(f"{step}e{p}") for p in range(power - 1, power + 2) for step in _STEPS]
    if direction > 0:
        return next(found for found in every if found > rate * 1.0001)
    return next(found for found in reversed(every) if found < rate * 0.9999)
