"""The optimisers: all parameters and their states in one launch, in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import cuda, float32

from cnnsim.kernels.cuda.halves import halved
from cnnsim.kernels.cuda.jit import Kernel, device, grid
from cnnsim.kernels.cuda.layout import COUNT, PACE, PACES, RATE, ROOT
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.rule import mover
from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.kernels.lanes.rule import has_rule, rule_of
from cnnsim.kernels.lanes.rule import paces_of as lanes_paces
from cnnsim.network.optimizer import Optimizer

#: The gradient of the number at a place in the arena: ``gradient(arena, at)``, for kernels.
Gradient = Callable[[Any, int], Any]


def paces_of(optimizer: Optimizer | None, rates: Floats64, done: int) -> Floats32:
    """What the header of each step holds [steps, PACES]; `done` steps came before."""
    found = np.zeros((len(rates), PACES), np.float32)
    found[:, RATE], found[:, COUNT] = rates, np.arange(done + 1, done + 1 + len(rates))
    if has_rule(optimizer):
        # Powers in float64, once a step: in the kernel they would be so for every parameter.
        found[:, [PACE, ROOT]] = lanes_paces(rule_of(optimizer), rates, done)
    return found


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


def update(
    optimizer: Optimizer,
    weights: int,
    count: int,
    states: Mapping[str, int],
    gradients: int,
    sliced: Sequence[Sliced],
    close: Callable[[Any, Any], None],
) -> Kernel:
    """The kernel that changes `count` numbers at `weights`, of a kind that `has_rule`.

    Each of the `states` lies in the same order as the weights, and so do the `gradients` that are
    not `sliced`. It ends the step too: `close` is what `closing` makes.
    """
    others = _whole(gradients - weights)
    found = [(each.at, _with(each, others)) for each in sorted(sliced)]
    _, gradient = halved(found or [(weights, others)], _either)
    away = [states[name] - weights for name in optimizer.states if name in states]
    first, second = (*away, 0, 0)[:2]
    move = mover(rule_of(optimizer), first, second)

    def fill(arena: Any, ledger: Any) -> None:
        rate, scale = ld1(arena, PACE), ld1(arena, ROOT)
        for at in range(weights + cuda.grid(1), weights + count, cuda.gridsize(1)):
            g = gradient(arena, at)
            st1(arena, at, move(arena, at, ld1(arena, at), g, rate, scale))
        close(arena, ledger)

    return Kernel(fill, *grid(count), arguments=2, name="update")


def _whole(away: int) -> Gradient:
    """The gradients that lie `away` from their parameters."""

    @device
    def gradient(arena: Any, at: int) -> Any:
        return ld1(arena, at + away)

    return gradient


def _either(first: tuple[int, Gradient], second: tuple[int, Gradient]) -> tuple[int, Gradient]:
    """The gradients from where the first begins on; from where the second does, those."""
    (start, before), (begin, behind) = first, second

    @device
    def gradient(arena: Any, at: int) -> Any:
        return before(arena, at) if at < begin else behind(arena, at)

    return start, gradient


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
