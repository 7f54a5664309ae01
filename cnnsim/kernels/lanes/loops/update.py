"""The optimisers, on vectors of weights wherever they lie.

States lie as the weights do, in copies of the whole region of weights: `states` floats behind the
weights the velocity or the moment, twice as far the square.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.kernels.lanes.codes import ADAM, NESTEROV, SGD
from cnnsim.kernels.lanes.loops.compiling import inlined
from cnnsim.kernels.lanes.loops.vector import load, multiply_add, root, spread, store


@inlined
def numbers_of(rule: Any) -> Any:
    """A record of RULE as plain numbers, which stay in registers."""
    return (
        rule.kind,
        rule.states,
        np.float32(rule.weight_decay),
        np.float32(rule.momentum),
        np.float32(rule.beta_one),
        np.float32(1 - rule.beta_one),
        np.float32(rule.beta_two),
        np.float32(1 - rule.beta_two),
        np.float32(rule.epsilon),
    )


@inlined
def update(m: Any, rule: Any, pace: Any, w: int, dw: Any) -> None:
    """Move the vector of weights at `w` by its gradient `dw`.

    `rule` is what `numbers_of` gives, `pace` a row of `paces_of`.
    """
    kind, states, decay, momentum, keep_one, add_one, keep_two, add_two, epsilon = rule
    rate, scale = pace
    value = load(m, w)
    dw = multiply_add(spread(m, decay), value, dw)
    back = spread(m, -rate)
    if kind == SGD:
        store(m, w, multiply_add(back, dw, value))
    elif kind == ADAM:
        moment = multiply_add(spread(m, keep_one), load(m, w + states), spread(m, add_one) * dw)
        square = spread(m, add_two) * dw * dw
        square = multiply_add(spread(m, keep_two), load(m, w + 2 * states), square)
        store(m, w + states, moment)
        store(m, w + 2 * states, square)
        # The step is divided by √v̂ + ε, with v̂ = v / (1 − β₂ᵗ).
        below = multiply_add(root(square), spread(m, scale), spread(m, epsilon))
        store(m, w, multiply_add(back, moment / below, value))
    else:
        velocity = multiply_add(spread(m, momentum), load(m, w + states), dw)
        store(m, w + states, velocity)
        if kind == NESTEROV:
            velocity = multiply_add(spread(m, momentum), velocity, dw)
        store(m, w, multiply_add(back, velocity, value))
