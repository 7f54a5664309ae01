"""Dense layers: forward and the input's gradient, of one block of samples.

With L lanes, and a sample in each lane:

    x       [features][L]; y, dz and dx alike
    w       [units / L][features + 1][L], a unit in each lane; the last row of each panel is the
            bias

As many units, or inputs, as a vector has lanes stay in registers: each weight is read once.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.functions import activate
from cnnsim.kernels.lanes.loops.tile import at_each, keep, outer, spread_panel, zero_panel
from cnnsim.kernels.lanes.loops.vector import NEXT, lanes, load, read, spread, store


@inlined
def sums_of_panel(m: Any, acc: Any, x: int, w: int, tap: int, unit: int, taps: int) -> Any:
    """Add x · w over `taps` taps; a tap's weights lie `tap` floats apart, a unit's `unit`."""
    for _ in range(taps):
        acc = outer(acc, at_each(m, (x,)), spread_panel(m, w, unit))
        x += lanes(m)
        w += tap
    return acc


@kernel
def dense(m: Any, op: Any, x: int, y: int, scratch: int) -> None:
    """Fill y from x. `scratch` has room for L vectors."""
    width = lanes(m)
    for o in range(0, op.maps, width):
        weights = op.weights + o * (op.taps + 1)
        acc = sums_of_panel(m, zero_panel(m), x, weights, width, NEXT, op.taps)
        keep(m, scratch, width, acc)
        bias = weights + op.taps * width
        for unit in range(min(width, op.maps - o)):
            value = load(m, scratch + unit * width) + spread(m, read(m, bias + unit))
            store(m, y + (o + unit) * width, activate(m, op.activation, op.slope, value))


@kernel
def dense_back(m: Any, op: Any, dz: int, dx: int, scratch: int) -> None:
    """Fill dx from dz. `scratch` has room for L vectors."""
    width = lanes(m)
    for i in range(0, op.taps, width):
        acc = zero_panel(m)
        for o in range(0, op.maps, width):
            weights = op.weights + o * (op.taps + 1) + i * width
            taps = min(width, op.maps - o)
            acc = sums_of_panel(m, acc, dz + o * width, weights, NEXT, width, taps)
        keep(m, scratch, width, acc)
        for k in range(min(width, op.taps - i)):
            store(m, dx + (i + k) * width, load(m, scratch + k * width))
