"""The optimisers' arithmetic for one number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.lanes.codes import ADAM, NESTEROV, SGD


def mover(rule: Any, first: int, second: int) -> Any:
    """``move(arena, at, w, g, rate, scale)``: the new weight, for kernels; it moves the states.

    Args:
        rule: what `lanes.rule.rule_of` makes of an optimiser; `rate` and `scale` are a row of
            `lanes.rule.paces_of`.
        first: how far behind its weight a velocity, or a moment, lies.
        second: the same of a square.
    """
    # Numbers that kernels close over are doubles unless they are NumPy's.
    weight_decay, fading = np.float32(rule["weight_decay"]), np.float32(rule["momentum"])
    keep_one, add_one = np.float32(rule["beta_one"]), np.float32(1 - rule["beta_one"])
    keep_two, add_two = np.float32(rule["beta_two"]), np.float32(1 - rule["beta_two"])
    least = np.float32(rule["epsilon"])
    kind = int(rule["kind"])
    ahead = kind == NESTEROV

    def plain(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        return w - rate * (g + weight_decay * w)

    def along(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        d = g + weight_decay * w
        velocity = fading * ld1(arena, at + first) + d
        st1(arena, at + first, velocity)
        way = d + fading * velocity if ahead else velocity
        return w - rate * way

    def adam(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        d = g + weight_decay * w
        moment = keep_one * ld1(arena, at + first) + add_one * d
        square = keep_two * ld1(arena, at + second) + add_two * d * d
        st1(arena, at + first, moment)
        st1(arena, at + second, square)
        return w - rate * moment / (float32(math.sqrt(square)) * scale + least)

    return device({SGD: plain, ADAM: adam}.get(kind, along))
