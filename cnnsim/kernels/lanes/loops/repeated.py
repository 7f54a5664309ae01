"""Each kernel by itself, many times over, for measuring; and what the processor can do at most."""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import entry
from cnnsim.kernels.lanes.loops.convolution import convolve, convolve_back
from cnnsim.kernels.lanes.loops.dense import dense, dense_back
from cnnsim.kernels.lanes.loops.gradient import conv_gradient
from cnnsim.kernels.lanes.loops.step import update_dense
from cnnsim.kernels.lanes.loops.tile import at_each, keep, outer, spreads, zeros
from cnnsim.kernels.lanes.loops.update import numbers_of
from cnnsim.kernels.lanes.loops.vector import lanes, memory_of

#: What `repeat` runs.
(
    CONVOLUTION_FORWARD,
    CONVOLUTION_INPUT,
    CONVOLUTION_KERNEL,
    DENSE_FORWARD,
    DENSE_INPUT,
    DENSE_WEIGHT,
) = range(6)
#: Multiply-adds of vectors in a round of `multiply_add_only`, by lanes: what registers hold.
TILES = {16: 16, 8: 8, 4: 8}


@entry
def multiply_add_only(array: Any, rounds: int, place: int) -> None:
    """Multiply and add in registers: nothing is loaded meanwhile. A tile's room is at `place`."""
    m = memory_of(array)
    width = lanes(m)
    a = at_each(m, (place, place + width, place + 2 * width, place + 3 * width))
    if width == 16:
        four = spreads(m, place, 1, 4)
        acc = zeros(m, 16)
        for _ in range(rounds):
            acc = outer(acc, a, four)
        keep(m, place, width, acc)
    else:
        two = spreads(m, place, 1, 2)
        few = zeros(m, 8)
        for _ in range(rounds):
            few = outer(few, a, two)
        keep(m, place, width, few)


@entry
def repeat(
    array: Any, op: Any, cells: Any, places: Any, rule: Any, pace: Any, blocks: int, which: int,
    times: int,
) -> None:  # fmt: skip
    """Run one kernel of one operation `times` times on block 0; a dense layer's weights on all."""
    m = memory_of(array)
    numbers = numbers_of(rule)
    scratch = places.scratch
    for _ in range(times):
        if which == CONVOLUTION_FORWARD:
            convolve(m, op, cells, op.x, op.y, op.code, scratch)
        elif which == CONVOLUTION_INPUT:
            convolve_back(m, op, cells, op.dz, op.dx, scratch)
        elif which == CONVOLUTION_KERNEL:
            conv_gradient(
                m, op, op.x, op.y, op.code, op.dy, op.dz, op.turned, op.raw, op.grad
            )  # fmt: skip
        elif which == DENSE_FORWARD:
            dense(m, op, op.x, op.y, scratch)
        elif which == DENSE_INPUT:
            dense_back(m, op, op.dz, op.dx, scratch)
        else:
            update_dense(m, op, places, numbers, (pace[0], pace[1]), blocks, 0, 1, scratch)
