"""The gradient of an untied bias: a number of its own for each value, the same in every lane.

With L lanes, and a sample in each lane: dx, the gradient before the activation, is
[height][width][maps][L]; b [height][width][maps], in whole vectors, and its gradient alike.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.loops.compiling import kernel
from cnnsim.kernels.lanes.loops.inside import total
from cnnsim.kernels.lanes.loops.vector import lanes, load, write


@kernel
def bias_gradient(m: Any, op: Any, dx: int, grad: int) -> None:
    """Each value's gradient: the sum over the samples of a block."""
    width = lanes(m)
    for at in range(op.size_x):
        write(m, grad + at, total(load(m, dx + at * width)))
