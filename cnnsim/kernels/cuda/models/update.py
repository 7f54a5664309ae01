"""The optimisers, on the parameters of a model: those in shared memory, then the far ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda, float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.lanes.update import ADAM, NESTEROV, SGD


def update(plan: Plan, rule: Any) -> Any:
    """``update(near, arena, base, rate, scale)``; `rule` as `chain.rule_of` has it.

    `rate` and `scale` are a row of `update.paces_of`.
    """
    kind = int(rule["kind"])
    decay, momentum = float(rule["weight_decay"]), float(rule["momentum"])
    keep_one, keep_two = float(rule["beta_one"]), float(rule["beta_two"])
    move = _rule(kind, plan.parameters, decay, momentum, keep_one, keep_two, float(rule["epsilon"]))
    threads = plan.threads
    first, middle, last = plan.near_trained, plan.near, plan.far_trained
    shift = middle - first
    beyond = (plan.copies + 1) * plan.parameters - middle

    @device
    def update_all(near: Any, arena: Any, base: int, rate: Any, scale: Any) -> None:
        for i in range(first + cuda.threadIdx.x, middle, threads):
            w, g = ld1(near, i), ld1(near, shift + i)
            st1(near, i, move(arena, base + i, w, g, rate, scale))
        for i in range(middle + cuda.threadIdx.x, last, threads):
            w, g = ld1(arena, base + i), ld1(arena, base + beyond + i)
            st1(arena, base + i, move(arena, base + i, w, g, rate, scale))

    return update_all


def _rule(
    kind: int, states: int, decay: float, momentum: float, one: float, two: float, epsilon: float
) -> Any:
    """``move(arena, at, w, g, rate, scale)``: the new weight; its states lie `states` on."""
    # Numbers that kernels close over are doubles unless they are NumPy's.
    weight_decay, fading, least = np.float32(decay), np.float32(momentum), np.float32(epsilon)
    keep_one, add_one = np.float32(one), np.float32(1 - one)
    keep_two, add_two = np.float32(two), np.float32(1 - two)
    ahead = kind == NESTEROV

    def plain(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        return w - rate * (g + weight_decay * w)

    def along(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        d = g + weight_decay * w
        velocity = fading * ld1(arena, at + states) + d
        st1(arena, at + states, velocity)
        way = d + fading * velocity if ahead else velocity
        return w - rate * way

    def adam(arena: Any, at: int, w: Any, g: Any, rate: Any, scale: Any) -> Any:
        d = g + weight_decay * w
        moment = keep_one * ld1(arena, at + states) + add_one * d
        square = keep_two * ld1(arena, at + 2 * states) + add_two * d * d
        st1(arena, at + states, moment)
        st1(arena, at + 2 * states, square)
        return w - rate * moment / (float32(math.sqrt(square)) * scale + least)

    return device({SGD: plain, ADAM: adam}.get(kind, along))
