"""Dropout: values of a sample are dropped by the mask of `cnnsim.network.mask`, never stored.

With L lanes, and a sample in each lane: x, y, dy and dx are [features][L]; y may have a border. A
table says of each feature, as it lies, which one of the network's it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from cnnsim.kernels.lanes.loops.compiling import kernel
from cnnsim.kernels.lanes.loops.vector import lanes, load, store, write
from cnnsim.kernels.lanes.plan import CELL_WIDTH
from cnnsim.network.mask import kept, mixed

for _rule in (mixed, kept):
    register_jitable(_rule)


@kernel
def drop(
    m: Any, op: Any, cells: Any, key: Any, first: int, x: int, line: int, y: int, scratch: int
) -> None:
    """Fill y, whose rows are `line` elements apart, from x; `first` is the first lane's sample.

    The same from dy to dx.
    """
    width = lanes(m)
    scale, least = np.float32(op.slope), np.uint64(op.least)
    row = op.width_y * op.maps
    for k in range(op.height_y * row):
        element = np.uint64(cells[op.cells + k // CELL_WIDTH, k % CELL_WIDTH])
        for n in range(width):
            stays = kept(key, np.uint64(first + n), element, least)
            write(m, scratch + n, scale if stays else np.float32(0.0))
        value = load(m, x + k * width) * load(m, scratch)
        store(m, y + (k // row * line + k % row) * width, value)


@kernel
def pass_on(m: Any, op: Any, x: int, y: int) -> None:
    """Fill y from x in evaluation, where nothing is dropped."""
    width = lanes(m)
    row = op.width_y * op.maps
    for k in range(op.height_y * row):
        store(m, y + (k // row * op.line_y + k % row) * width, load(m, x + k * width))
