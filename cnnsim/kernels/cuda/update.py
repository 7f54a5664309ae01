"""The optimisers: all parameters and their states in one launch, in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import cuda, float32

from cnnsim.kernels.cuda.jit import Kernel, device, grid
from cnnsim.kernels.cuda.layout import COUNT, PACE, PACES, RATE, ROOT
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.network.kinds.adam import Adam
from cnnsim.network.kinds.sgd import Sgd
from cnnsim.network.optimizer import Optimizer

#: The gradient of the number at a place in the arena: ``gradient(arena, at)``, for kernels.
Gradient = Callable[[Any, int], Any]


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


class Sliced(NamedTuple):
    """A gradient that lies in slices, to be added up in their order.

    Number e of the gradient of the parameter at `at` has its first part at `parts` + e // `width` ·
    `line` + e % `width`; the others follow `apart` from each other.
    """

    at: int
    size: int
    parts: int
    slices: int
    apart: int
    width: int
    line: int


def can_update(optimizer: Optimizer | None) -> bool:
    """Whether there is a kernel for this kind."""
    return type(optimizer) in (Sgd, Adam)


def update(
    optimizer: Optimizer,
    weights: int,
    count: int,
    states: Mapping[str, int],
    gradients: int,
    sliced: Sequence[Sliced] = (),
) -> Kernel:
    """The kernel that changes `count` numbers at `weights`, of a kind that `can_update`.

    Each of the `states` lies in the same order as the weights, and so do the `gradients` that are
    not `sliced`.
    """
    gradient = _whole(gradients - weights)
    for each in sliced:
        gradient = _with(each, gradient)
    if isinstance(optimizer, Adam):
        fill = _adam(optimizer, weights, count, states, gradient)
    else:
        assert isinstance(optimizer, Sgd)
        fill = _sgd(optimizer, weights, count, states, gradient)
    return Kernel(fill, *grid(count), name="update")


def _whole(away: int) -> Gradient:
    """The gradients that lie `away` from their parameters."""

    @device
    def gradient(arena: Any, at: int) -> Any:
        return ld1(arena, at + away)

    return gradient


def _with(sliced: Sliced, others: Gradient) -> Gradient:
    """The gradient of one parameter from its slices, and that of the others."""
    begin, size, parts, slices, apart, width, line = sliced

    @device
    def gradient(arena: Any, at: int) -> Any:
        element = at - begin
        if element < 0 or element >= size:
            return others(arena, at)
        place = parts + element // width * line + element % width
        total = float32(0.0)
        for part in range(slices):
            total += ld1(arena, place + part * apart)
        return total

    return gradient


def _adam(
    rule: Adam, weights: int, count: int, states: Mapping[str, int], gradient: Gradient
) -> Any:
    moments, squares = states["moment"] - weights, states["square"] - weights
    one, two = rule.beta_one, rule.beta_two
    fresh_one, fresh_two = 1.0 - one, 1.0 - two
    epsilon, decay = rule.epsilon, rule.weight_decay

    def fill(arena: Any) -> None:
        pace, root = ld1(arena, PACE), ld1(arena, ROOT)
        for at in range(weights + cuda.grid(1), weights + count, cuda.gridsize(1)):
            w = ld1(arena, at)
            g = gradient(arena, at) + float32(decay) * w
            m = float32(one) * ld1(arena, at + moments) + float32(fresh_one) * g
            v = float32(two) * ld1(arena, at + squares) + float32(fresh_two) * (g * g)
            st1(arena, at + moments, m)
            st1(arena, at + squares, v)
            st1(arena, at, w - pace * m / (math.sqrt(v) * root + float32(epsilon)))

    return fill


def _sgd(rule: Sgd, weights: int, count: int, states: Mapping[str, int], gradient: Gradient) -> Any:
    velocities = states.get("velocity", weights) - weights
    momentum, decay = rule.momentum, rule.weight_decay
    remembers, looks_ahead = bool(momentum), rule.nesterov

    def fill(arena: Any) -> None:
        rate = ld1(arena, RATE)
        for at in range(weights + cuda.grid(1), weights + count, cuda.gridsize(1)):
            w = ld1(arena, at)
            step = gradient(arena, at) + float32(decay) * w
            if remembers:
                v = float32(momentum) * ld1(arena, at + velocities) + step
                st1(arena, at + velocities, v)
                step = step + float32(momentum) * v if looks_ahead else v
            st1(arena, at, w - rate * step)

    return fill
