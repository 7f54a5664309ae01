"""The learning rate of every update."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnnsim.network.optimizer import Optimizer

Floats = npt.NDArray[np.float64]


def rates(optimizer: Optimizer, first: int, last: int, each: int) -> Floats:
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
        factor = optimizer.step_factor ** np.floor(number / (optimizer.step_epochs * each))
    else:
        factor = np.ones(len(number))
    if warm_up:
        factor = np.where(number < warm_up, (number + 1) / warm_up, factor)
    return optimizer.rate * factor
