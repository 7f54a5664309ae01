"""The optimisers, on vectors of weights wherever they lie.

States lie as the weights do, in copies of the whole region of weights: `states` floats behind the
weights the velocity or the moment, twice as far the square.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.kernels.lanes.compiling import inlined
from cnnsim.kernels.lanes.vector import load, root, spread, store

#: The numbers of the optimisers in a plan.
SGD, MOMENTUM, NESTEROV, ADAM = range(4)


def paces_of(rule: Any, rates: Floats64, updates: int) -> Floats32:
    """What each update makes of its rate, and of Adam's √v: [steps][2]; `updates` came before."""
    if rule["kind"] != ADAM:
        return np.column_stack([rates, np.ones_like(rates)]).astype(np.float32)
    count = np.arange(updates + 1, updates + 1 + rates.size, dtype=np.float64)
    rates = rates / (1 - rule["beta_one"] ** count)
    return np.column_stack([rates, (1 - rule["beta_two"] ** count) ** -0.5]).astype(np.float32)


@inlined
def update(m: Any, rule: Any, pace: Any, w: int, dw: Any) -> None:
    """Move the vector of weights at `w` by its gradient `dw`.

    `rule` has the numbers of the optimiser, `pace` a row of `paces_of`.
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
