"""The end of a step: its loss is noted, what it changed is kept, the next one is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.jit import Kernel, device, grid
from cnnsim.kernels.cuda.layout import losses_at
from cnnsim.kernels.cuda.loads import ld1, st1


class Loss(NamedTuple):
    """The loss of a step: so many `parts` at `at`, whose sum is that of all samples."""

    at: int
    parts: int = 1
    samples: int = 1


class Carried(NamedTuple):
    """What a step made at `updated` is to replace what lies from `begin` to `end`."""

    begin: int
    end: int
    updated: int


def closing(loss: Loss, carried: Carried) -> Callable[[Any, Any], None]:
    """``close(arena, ledger)``, for all threads of a kernel after which the step does nothing."""
    losses = losses_at()
    at, parts, samples = loss
    begin, end, updated = carried
    count = end - begin

    @device
    def close(arena: Any, ledger: Any) -> None:
        first = cuda.grid(1)
        for number in range(first, count, cuda.gridsize(1)):
            st1(arena, begin + number, ld1(arena, updated + number))
        if first == 0:
            total, step = float32(0.0), ledger[0]
            for part in range(parts):
                total += ld1(arena, at + part)
            st1(arena, losses + step, total / float32(samples))
            ledger[0] = step + 1

    return close


def close(loss: Loss, carried: Carried) -> Kernel:
    """The same as a kernel of its own; it takes arena and ledger."""
    closed = closing(loss, carried)

    def fill(arena: Any, ledger: Any) -> None:
        closed(arena, ledger)

    return Kernel(fill, *grid(max(carried.end - carried.begin, 1)), arguments=2, name="close")
