"""The end of a classifier in one launch: its last dense layers, the loss, and the way back.

A block has the weights of these layers in shared memory. It takes four samples at a time to the
loss, softmax with cross-entropy, and back to the gradient of what came in; a thread has one unit of
all four, or one feature on the way back. The losses of a block's samples are added up in their
order, those of the blocks where the step ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from numba import cuda, float32

from cnnsim.kernels.cuda.halves import halved
from cnnsim.kernels.cuda.jit import SHARED, SIMULATED, Kernel
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.stages import (
    TOGETHER,
    Entry,
    Level,
    Link,
    Stage,
    back_stage,
    begin_stage,
    bring_stage,
    clear_stage,
    forward_stage,
    head_stage,
    line_of,
    then,
)

#: The most threads of a block, and the most blocks.
_THREADS, _BLOCKS = (4, 2) if SIMULATED else (256, 264)


def fits(sizes: Sequence[int]) -> bool:
    """Whether a block holds dense layers of so many inputs and outputs, and the loss behind."""
    return _floats(sizes) <= SHARED


def block_count(batch: int) -> int:
    """How many blocks there are, each with a part of the loss."""
    return min(-(-batch // TOGETHER), _BLOCKS)


def _floats(sizes: Sequence[int]) -> int:
    """Numbers in shared memory: the levels, targets, exponentials, sums, weights."""
    return TOGETHER * (sum(sizes) + 2 * sizes[-1] + 3) + _weights(sizes)


def _threads(sizes: Sequence[int]) -> int:
    """Enough for every unit, and few weights for each to bring; whole warps."""
    wanted = max(*sizes, _weights(sizes) // 16)
    return min(_THREADS, -(-wanted // 32) * 32)


def _weights(sizes: Sequence[int]) -> int:
    return sum(line_of(below) * above for below, above in pairwise(sizes))


def tail(
    batch: int, entry: Entry, links: Sequence[Link], target: int, losses: int, name: str
) -> Kernel:
    """The kernel from what comes in to the loss and back.

    `target` is where [batch, outputs] lies, each row with a sum of 1; the losses of `block_count`
    blocks go to `losses`.
    """
    sizes = [entry.features, *(link.units for link in links)]
    slopes = [entry.activation.slope, *(link.activation.slope for link in links)]
    gradients = [entry.dx, *(link.dz for link in links)]
    blocks = block_count(batch)
    threads = _threads(sizes)
    levels, place = [], 0
    for size, slope, gradient in zip(sizes, slopes, gradients, strict=True):
        levels.append(Level(size, place, slope, gradient))
        place += TOGETHER * size
    wanted_at = place
    exponents_at = wanted_at + TOGETHER * sizes[-1]
    sums = exponents_at + TOGETHER * sizes[-1]
    place = sums + 3 * TOGETHER
    stages = [begin_stage(entry, batch, target, sizes[-1], wanted_at, threads)]
    back: list[Stage] = []
    preparing = [clear_stage(sums)]
    for link, (below, above) in zip(links, pairwise(levels), strict=True):
        preparing.append(bring_stage(link, below.size, place, threads))
        stages.append(forward_stage(link, below, above, place, batch, threads))
        if below.gradient is not None:
            back.insert(0, back_stage(below, above, place, batch, threads))
        place += line_of(below.size) * link.units
    assert place == _floats(sizes)
    stages.append(head_stage(levels[-1], wanted_at, exponents_at, sums, batch, threads))
    prepare, work = halved(preparing, then), halved([*stages, *back], then)

    def fill(arena: Any) -> None:
        shared = cuda.shared.array(0, float32, alignment=16)
        prepare(arena, shared, 0)
        for first in range(cuda.blockIdx.x * TOGETHER, batch, blocks * TOGETHER):
            work(arena, shared, first)
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            total = float32(0.0)
            for n in range(TOGETHER):
                total += ld1(shared, sums + n)
            st1(arena, losses + cuda.blockIdx.x, total)

    return Kernel(fill, blocks, threads, 4 * _floats(sizes), name=name)
