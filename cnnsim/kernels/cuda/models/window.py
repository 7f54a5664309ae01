"""What a thread does for every tap of a kernel, one after the other, in registers."""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.models.operations import Convolution


def window(tap: Any, op: Convolution, x_row: int, w_step: int, sums: int) -> Any:
    """``window(acc, near, x, w, first)``: `tap` for every tap of a kernel.

    From one to the next, the weights are `w_step` on, and the first sum in `acc` is `sums` on.
    """
    row = each_of(tap, op.kernel_w, 1, w_step, sums)
    return each_of(row, op.kernel_h, x_row, op.kernel_w * w_step, op.kernel_w * sums)


def each_of(function: Any, count: int, x_step: int, w_step: int, sums: int) -> Any:
    """`function` so many times, a step further each time.

    One function for each time: the compiler unrolls a tap, but not the loops around it.
    """
    if count == 1:
        return function
    before = each_of(function, count - 1, x_step, w_step, sums)
    x_last, w_last, last = ((count - 1) * step for step in (x_step, w_step, sums))

    @device
    def each(acc: Any, near: Any, x: int, w: int, first: int) -> None:
        before(acc, near, x, w, first)
        function(acc, near, x + x_last, w + w_last, first + last)

    return each
