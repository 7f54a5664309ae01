"""Learning rates: those one goes through with a key, and the one of an update."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from cnnsim.network.optimizer import Optimizer
from cnnsim.training.schedule import Change, rates
from cnnsim.tui.drawing.numbers import exact

#: Within a decade.
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)


def next_rate(rate: float, direction: int) -> float:
    """The next round rate above (1) or below (-1) a positive one."""
    power = floor(log10(rate))
    every = [float(f"{step}e{p}") for p in range(power - 1, power + 2) for step in _STEPS]
    if direction > 0:
        return next(found for found in every if found > rate * 1.0001)
    return next(found for found in reversed(every) if found < rate * 0.9999)


def rate_at(optimizer: Optimizer, number: int, each: int, changes: Sequence[Change]) -> float:
    """The rate of update `number`, where an epoch has `each` of them."""
    return float(rates(optimizer, number, number + 1, each, changes)[0])


def rate_text(rate: float) -> str:
    """`0.004`, `1.35e−07`: three digits at most."""
    return exact(float(f"{rate:.3g}"))


def told(optimizer: Optimizer, rate: float) -> str:
    """That `rate` holds from now on, and what it is multiplied by before an update uses it."""
    by = ["warm-up"] if optimizer.warm_up else []
    if optimizer.schedule != "constant":
        by.append(optimizer.schedule)
    if not by:
        return f"learning rate {rate_text(rate)} from the next update on"
    return f"base rate {rate_text(rate)} (× {' and '.join(by)}) from the next update on"
