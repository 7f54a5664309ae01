"""The optimisers: all parameters and their states in one launch, in place."""

from __future__ import annotations

import numpy as np

from cnnsim.kernels.cuda.layout import PACES
from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.network.kinds.adam import Adam
from cnnsim.network.optimizer import Optimizer


def paces_of(optimizer: Optimizer | None, rates: Floats64, done: int) -> Floats32:
    """What the header of each step holds [steps, PACES]; `done` steps came before."""
    number = np.arange(done + 1, done + 1 + len(rates), dtype=np.float64)
    found = np.zeros((len(rates), PACES))
    found[:, 0], found[:, 1] = rates, number
    if isinstance(optimizer, Adam):
        # Powers in float64, once a step: in the kernel they would be so for every parameter.
        found[:, 2] = rates / (1 - optimizer.beta_one**number)
        found[:, 3] = 1 / np.sqrt(1 - optimizer.beta_two**number)
    return found.astype(np.float32)
