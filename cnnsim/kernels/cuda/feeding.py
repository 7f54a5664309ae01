"""The beginning of a step: its batch is gathered, its dropout masks are drawn.

On the device lie all pictures [samples, numbers], all targets, and the ledger of int64: which step
of this call it is, then the samples of every step [steps][batch], then the keys of every step's
masks [steps][masks].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32
from numba.extending import register_jitable

from cnnsim.kernels.cuda.digits import split
from cnnsim.kernels.cuda.jit import SIMULATED, Kernel, grid
from cnnsim.kernels.cuda.layout import PACES, paces_at
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.network.mask import kept, mixed, threshold

#: Where the samples of the steps begin in the ledger.
ORDER = 1


def gather(batch: int, size: int, inputs: int, width: int, targets: int, by_class: bool) -> Kernel:
    """The batch of the step: `size` numbers of each sample to `inputs`, its target to `targets`.

    It takes arena, ledger, pictures and targets. A target of `width` numbers is a class where
    `by_class`, and becomes a row with a single 1; with a `width` of 0 there is none.
    """
    paces = paces_at()
    pixels, numbers = batch * size, batch * width

    def fill(arena: Any, ledger: Any, pictures: Any, wanted: Any) -> None:
        step = ledger[0]
        first = cuda.grid(1)
        one, none = float32(1.0), float32(0.0)
        for number in range(first, pixels, cuda.gridsize(1)):
            n, place = split(number, size)
            sample = ledger[ORDER + step * batch + n]
            st1(arena, inputs + number, ld1(pictures, sample * size + place))
        for number in range(first, numbers, cuda.gridsize(1)):
            n, at = split(number, width)
            sample = ledger[ORDER + step * batch + n]
            if by_class:
                arena[targets + number] = one if wanted[sample] == float32(at) else none
            else:
                arena[targets + number] = wanted[sample * width + at]
        if first < PACES:
            arena[first] = arena[paces + step * PACES + first]

    return Kernel(fill, *grid(max(pixels, PACES)), arguments=4, name="gather")


if SIMULATED:

    def stays(key: Any, sample: int, element: int, least: int) -> Any:
        """Whether a value is kept; NumPy's scalars warn where a product overflows."""
        with np.errstate(over="ignore"):
            return kept(np.uint64(key), np.uint64(sample), np.uint64(element), np.uint64(least))

else:
    for _rule in (mixed, kept):
        register_jitable(_rule)

    @register_jitable
    def stays(key: Any, sample: int, element: int, least: int) -> Any:
        """Whether a value is kept."""
        return kept(np.uint64(key), np.uint64(sample), np.uint64(element), np.uint64(least))


def mask(keys: int, masks: int, batch: int, elements: int, rate: float, at: int) -> Kernel:
    """A dropout mask for the step, [batch][elements] at `at`.

    It takes arena and ledger. The key of step 0 lies at `keys` in the ledger, the others `masks`
    apart.
    """
    least, scale = threshold(rate), 1 / (1 - rate)
    count = batch * elements

    def fill(arena: Any, ledger: Any) -> None:
        key = ledger[keys + ledger[0] * masks]
        for place in range(cuda.grid(1), count, cuda.gridsize(1)):
            is_kept = stays(key, place // elements, place % elements, least)
            arena[at + place] = float32(scale) if is_kept else float32(0.0)

    return Kernel(fill, *grid(count), arguments=2, name="mask")
