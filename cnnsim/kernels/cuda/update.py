"""The optimisers: all parameters and their states in one launch, in place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import cuda, float32

from cnnsim.kernels.cuda.jit import Kernel, grid
from cnnsim.kernels.cuda.layout import COUNT, PACE, PACES, RATE, ROOT
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.network.kinds.adam import Adam
from cnnsim.network.kinds.sgd import Sgd
from cnnsim.network.optimizer import Optimizer


def paces_of(optimizer: Optimizer | None, rates: Floats64, done: int) -> Floats32:
    """What the header of each step holds [steps, PACES]; `done` steps came before."""
    number = np.arange(done + 1, done + 1 + len(rates), dtype=np.float64)
    found = np.zeros((len(rates), PACES))
    found[:, RATE], found[:, COUNT] = rates, number
    if isinstance(optimizer, Adam):
        # Powers in float64, once a step: in the kernel they would be so for every parameter.
        found[:, PACE] = rates / (1 - optimizer.beta_one**number)
        found[:, ROOT] = 1 / np.sqrt(1 - optimizer.beta_two**number)
    return found.astype(np.float32)


def update(
    optimizer: Optimizer, weights: int, count: int, states: Mapping[str, int], gradients: int
) -> Kernel | None:
    """The kernel that changes `count` numbers at `weights`; None for a kind that has none.

    Gradients and each of the `states` lie in the same order as the weights.
    """
    if isinstance(optimizer, Adam):
        fill = _adam(optimizer, weights, count, states, gradients)
    elif isinstance(optimizer, Sgd):
        fill = _sgd(optimizer, weights, count, states, gradients)
    else:
        return None
    return Kernel(fill, *grid(count), name="update")


def _adam(rule: Adam, weights: int, count: int, states: Mapping[str, int], gradients: int) -> Any:
    moments, squares = states["moment"], states["square"]
    one, two = rule.beta_one, rule.beta_two
    fresh_one, fresh_two = 1.0 - one, 1.0 - two
    epsilon, decay = rule.epsilon, rule.weight_decay

    def fill(arena: Any) -> None:
        pace, root = ld1(arena, PACE), ld1(arena, ROOT)
        for number in range(cuda.grid(1), count, cuda.gridsize(1)):
            w = ld1(arena, weights + number)
            g = ld1(arena, gradients + number) + float32(decay) * w
            m = float32(one) * ld1(arena, moments + number) + float32(fresh_one) * g
            v = float32(two) * ld1(arena, squares + number) + float32(fresh_two) * (g * g)
            st1(arena, moments + number, m)
            st1(arena, squares + number, v)
            st1(arena, weights + number, w - pace * m / (math.sqrt(v) * root + float32(epsilon)))

    return fill


def _sgd(rule: Sgd, weights: int, count: int, states: Mapping[str, int], gradients: int) -> Any:
    velocities = states.get("velocity", 0)
    momentum, decay = rule.momentum, rule.weight_decay
    remembers, looks_ahead = bool(momentum), rule.nesterov

    def fill(arena: Any) -> None:
        rate = ld1(arena, RATE)
        for number in range(cuda.grid(1), count, cuda.gridsize(1)):
            w = ld1(arena, weights + number)
            step = ld1(arena, gradients + number) + float32(decay) * w
            if remembers:
                v = float32(momentum) * ld1(arena, velocities + number) + step
                st1(arena, velocities + number, v)
                step = step + float32(momentum) * v if looks_ahead else v
            st1(arena, weights + number, w - rate * step)

    return fill
