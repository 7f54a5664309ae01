"""The optimisers, on vectors of weights wherever they lie.

States lie as the weights do, in copies of the whole region of weights: `states` floats behind the
weights the velocity or the moment, twice as far the square.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from cnnsim.kernels.lanes.functions import INLINED, OPTIONS
from cnnsim.kernels.lanes.vector import load, root, spread, store

#: The numbers of the optimisers in a plan.
SGD, MOMENTUM, NESTEROV, ADAM = range(4)


@njit(**OPTIONS)
def pace_of(rule: Any, rate: float, count: int) -> Any:
    """What `count` updates, the coming one included, make of the rate, and of Adam's √v."""
    if rule.kind == ADAM:
        scale = (1 - rule.beta_two**count) ** -0.5
        return np.float32(rate / (1 - rule.beta_one**count)), np.float32(scale)
    return np.float32(rate), np.float32(1)


@njit(**INLINED)
def update(m: Any, rule: Any, pace: Any, w: int, dw: Any) -> None:
    """Move the vector of weights at `w` by its gradient `dw`.

    `rule` has the numbers of the optimiser, `pace` those of this step.
    """
    rate, scale = pace
    value = load(m, w)
    dw = dw + spread(m, rule.weight_decay) * value
    first, second = w + rule.states, w + 2 * rule.states
    if rule.kind == SGD:
        store(m, w, value - spread(m, rate) * dw)
    elif rule.kind == ADAM:
        moment = spread(m, rule.beta_one) * load(m, first) + spread(m, 1 - rule.beta_one) * dw
        square = spread(m, rule.beta_two) * load(m, second) + spread(m, 1 - rule.beta_two) * dw * dw
        store(m, first, moment)
        store(m, second, square)
        # The step is divided by √v̂ + ε, with v̂ = v / (1 − β₂ᵗ).
        below = root(square) * spread(m, scale) + spread(m, rule.epsilon)
        store(m, w, value - spread(m, rate) * moment / below)
    else:
        velocity = spread(m, rule.momentum) * load(m, first) + dw
        store(m, first, velocity)
        if rule.kind == NESTEROV:
            velocity = dw + spread(m, rule.momentum) * velocity
        store(m, w, value - spread(m, rate) * velocity)
