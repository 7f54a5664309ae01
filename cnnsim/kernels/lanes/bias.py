"""An untied bias: a number of its own for each value, the same in every lane.

With L lanes, and a sample in each lane:

    x       [height][width][maps][L]; y alike, with the zeros that the next layer wants around it
    b       [height][width][maps], in whole vectors; its gradient alike
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.compiling import kernel
from cnnsim.kernels.lanes.functions import activate, activate_back
from cnnsim.kernels.lanes.inside import total
from cnnsim.kernels.lanes.vector import lanes, load, read, spread, store, write


@kernel
def add_bias(m: Any, op: Any, x: int, y: int) -> None:
    """Fill y with the activation of x + b."""
    width = lanes(m)
    line = op.width_y * op.maps
    for row in range(op.height_y):
        for k in range(line):
            at = row * line + k
            value = load(m, x + at * width) + spread(m, read(m, op.weights + at))
            to = y + (op.first_y + row * op.line_y + k) * width
            store(m, to, activate(m, op.activation, op.slope, value))


@kernel
def add_bias_back(m: Any, op: Any, y: int, dy: int, dx: int, grad: int) -> None:
    """Fill dx with the gradient before the activation, and b's gradient with its sums."""
    width = lanes(m)
    line = op.width_y * op.maps
    for row in range(op.height_y):
        for k in range(line):
            at = row * line + k
            value = load(m, y + (op.first_y + row * op.line_y + k) * width)
            g = activate_back(m, op.activation, op.slope, value, load(m, dy + at * width))
            store(m, dx + at * width, g)
            write(m, grad + at, total(g))
