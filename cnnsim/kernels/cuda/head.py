"""Softmax and cross-entropy: the loss of the batch and the gradient of every output, in one launch.

One block, a thread for a sample; the samples' losses are added up in an order that never changes.
"""

from __future__ import annotations

import math
from typing import Any

from numba import cuda, float32

from cnnsim.kernels.cuda.jit import SIMULATED, Kernel
from cnnsim.kernels.cuda.loads import ld1, st1

_THREADS = 4 if SIMULATED else 256


def softmax_head(
    batch: int, outputs: int, x: int, target: int, loss: int, dx: int, name: str = ""
) -> Kernel:
    """The kernel that fills the loss, and its gradient at `dx` [batch, outputs]."""
    threads = _THREADS

    def fill(arena: Any) -> None:
        shares = cuda.shared.array(0, float32)
        mine = cuda.threadIdx.x
        samples, least = float32(batch), float32(-math.inf)
        summed = float32(0.0)
        for n in range(mine, batch, threads):
            begin, wanted = x + n * outputs, target + n * outputs
            largest = least
            for o in range(outputs):
                value = ld1(arena, begin + o)
                # NaN over everything.
                if largest == largest and not value <= largest:
                    largest = value
            total = float32(0.0)
            for o in range(outputs):
                total += math.exp(ld1(arena, begin + o) - largest)
            logarithm = math.log(total)
            for o in range(outputs):
                value, share = ld1(arena, begin + o), ld1(arena, wanted + o)
                # What is not wanted does not count: 0 · ∞ would be NaN.
                if share != float32(0.0):
                    summed += share * (logarithm + (largest - value))
                probability = math.exp(value - largest) / total
                st1(arena, dx + n * outputs + o, (probability - share) / samples)
        shares[mine] = summed
        cuda.syncthreads()
        if mine == 0:
            summed = float32(0.0)
            for other in range(threads):
                summed += shares[other]
            st1(arena, loss, summed / samples)

    return Kernel(fill, 1, threads, 4 * threads, name=name)
