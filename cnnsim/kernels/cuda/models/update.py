"""The optimisers, on the parameters of a model: those in shared memory, then the far ones."""

from __future__ import annotations

from typing import Any

from numba import cuda

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.cuda.rule import mover


def update(plan: Plan, rule: Any) -> Any:
    """``update(near, arena, base, rate, scale)``; `rule` as `lanes.rule.rule_of` has it.

    `rate` and `scale` are a row of `lanes.rule.paces_of`.
    """
    move = mover(rule, plan.parameters, 2 * plan.parameters)
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
