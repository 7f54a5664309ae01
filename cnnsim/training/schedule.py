"""The learning rate of every update."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.network.optimizer import Optimizer

Floats = npt.NDArray[np.float64]

#: Whole numbers from here on are no int64.
_WHOLE = 2**63


class Change(NamedTuple):
    """From update `iteration` on, `rate` stands in for the one of ``[training]``."""

    iteration: int
    rate: float


def base_rate(optimizer: Optimizer, iteration: int, changes: Sequence[Change] = ()) -> float:
    """The rate that the schedule multiplies in update `iteration`; later changes go first."""
    for change in reversed(changes):
        if change.iteration <= iteration:
            return change.rate
    return optimizer.rate


def rates(
    optimizer: Optimizer, first: int, last: int, each: int, changes: Sequence[Change] = ()
) -> Floats:
    """The rates of the updates first .. last - 1, where an epoch has `each` updates.

    While warming up, update k has the share (k + 1) / warm-up of the full rate. ``cosine`` then
    falls along half a cosine, from the full rate to nearly 0 at the end of the last epoch.
    """
    number = np.arange(first, last, dtype=np.float64)
    warm_up = round(optimizer.warm_up * each)
    total = optimizer.epochs * each
    if optimizer.schedule == "cosine":
        done = np.clip((number - warm_up) / max(total - warm_up, 1), 0, 1)
        factor = 0.5 * (1 + np.cos(np.pi * done))
    elif optimizer.schedule == "step":
        factor = optimizer.step_factor ** _falls(optimizer.step_epochs, first, last, each)
    else:
        factor = np.ones(len(number))
    if warm_up:
        factor = np.where(number < warm_up, (number + 1) / warm_up, factor)
    base = np.full(len(number), optimizer.rate)
    for change in changes:
        base[number >= change.iteration] = change.rate
    return base * factor


def _falls(epochs: float, first: int, last: int, each: int) -> Floats:
    """How often the rate has fallen before each update: once in so many `epochs`.

    In whole numbers: 1.1 epochs of 10 updates are 11 of them, not a hair more.
    """
    period = Fraction(str(epochs)) * each
    if last * period.denominator < _WHOLE and period.numerator < _WHOLE:
        updates = np.arange(first, last, dtype=np.int64)
        return np.asarray(updates * period.denominator // period.numerator, np.float64)
    with np.errstate(over="ignore"):
        return np.floor(np.arange(first, last, dtype=np.float64) / (epochs * each))
