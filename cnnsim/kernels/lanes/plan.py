"""The plan of a network: what its operations are and where their tensors lie in the memory.

A plan is plain numbers, so that the compiled code is the same for every network: `ops` has a record
for each operation, `cells` the tables of cells that they refer to. A convolution takes its
activation and a 2x2 pool along. Sizes and places within tensors are counted in elements; a place in
the memory in floats, so many to an element as there are lanes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION, DENSE
from cnnsim.network.window import Window

#: What a record of an operation holds, all int64 but the slope.
FIELDS = (
    "kind",
    "activation",
    "trained",  # its weights are
    "has_bias",
    "back",  # the gradient of its input is wanted
    "pools",  # 2x2, within the convolution
    "averages",
    "mask",  # of a dropout: which one of all it is
    "least",  # and what decides which values stay
    # sizes, in elements
    "channels",
    "maps",
    "kernel_h",
    "kernel_w",
    "stride_h",
    "stride_w",
    "taps",  # of a cell: channels · kernel_h · kernel_w, or the inputs of a dense layer
    "vectors",  # of weights, biases included
    "width_in",  # of a row of x, border included
    "size_in",
    "width_x",  # the same without it
    "size_x",
    "width_out",  # of the convolution's own output
    "height_out",
    "height_y",
    "width_y",
    "line_y",  # elements of a row of y, border included
    "first_y",  # its first element inside the border
    "width_dz",
    "first_dz",
    "kept_rows",  # of dz
    # tables
    "cells",
    "cell_count",
    "back_cells",
    "back_count",
    # the kernel gradient
    "shape",
    "tile_rows",
    "tile_taps",
    "tile_vectors",
    "tile_size",
    "mixed",  # a vector holds (kernel column, map)
    "lead",
    "turned_line",
    "raw_size",
    # places: of block 0 for x and y where they are kept, turned of dense layers and grad; else of
    # thread 0
    "weights",
    "x",
    "x_kept",
    "y",
    "y_kept",
    "dy",
    "dx",
    "code",
    "dz",
    "turned",
    "raw",
    "grad",
    "picture_x",  # of a picture by itself
    "picture_y",
)
#: The slope is a leaky ReLU's, or what a dropout multiplies by.
OP = np.dtype([*((name, np.int64) for name in FIELDS), ("slope", np.float64)])
#: Columns of a table of cells.
CELL_WIDTH = 12


def shapes_of(width: int) -> tuple[tuple[int, int, int], ...]:
    """What a kernel gradient can hold in registers: (kernel rows, taps in a row, vectors).

    Of the taps a spread value each, of the gradients whole vectors. A layer takes the shape that
    wastes least; the one of one row is for long rows and for dense layers.
    """
    if width == 16:
        return (3, 3, 2), (1, 8, 2), (5, 3, 1), (5, 1, 2)
    return (3, 3, 1), (1, 5, 2), (5, 2, 1), (5, 1, 2)


@dataclass
class Tensor:
    """A tensor [height][width][channels] with zeros around it, of one block."""

    height: int
    width: int
    channels: int
    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    @property
    def across(self) -> int:
        """Columns, border included."""
        return self.width + self.left + self.right

    @property
    def first(self) -> int:
        """The first element inside the border."""
        return (self.top * self.across + self.left) * self.channels

    @property
    def size(self) -> int:
        """Elements, border included."""
        return (self.height + self.top + self.bottom) * self.across * self.channels

    def place(self, row: int, column: int) -> int:
        """The element of channel 0 at a pixel."""
        return self.first + (row * self.across + column) * self.channels


@dataclass
class Step:
    """An operation as the network has it, before anything has a place.

    `x` and `y` are its tensors, without border; `window` a convolution's or a pool's; `turned` says
    that the kernel is a true convolution's. `order` says of each input of a dense layer, of a
    dropout or of an untied bias, as it lies, which one of the network's it is; `least` is a
    dropout's. An untied bias is an operation of its own, behind that of its layer.
    """

    kind: int
    layer: str
    x: Tensor
    y: Tensor
    activation: int = 0
    slope: float = 0.0
    window: Window | None = None
    pools: bool = False
    averages: bool = False
    includes_padding: bool = True
    has_bias: bool = False
    trained: bool = False
    turned: bool = False
    least: int = 0
    order: npt.NDArray[np.int64] | None = field(default=None, repr=False)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The roles of the layer's parameters that it holds."""
        if self.kind in (CONVOLUTION, DENSE):
            return ("w", "b") if self.has_bias else ("w",)
        return ("b",) if self.kind == BIAS else ()

    @property
    def taps(self) -> int:
        """Products that one output sums."""
        if self.kind == CONVOLUTION:
            assert self.window is not None
            return self.x.channels * self.window.kernel_h * self.window.kernel_w
        return self.x.size if self.kind == DENSE else 0

    @property
    def rows(self) -> int:
        """Rows of weights: one for each map or unit; of an untied bias for each value."""
        return self.y.size if self.kind == BIAS else self.y.channels


def conv_cells(step: Step, x: Tensor, y: Tensor) -> list[list[int]]:
    """The table of a convolution: tiles of four cells, see convolution.py."""
    w = step.window
    assert w is not None

    def reach(place: int, stride: int, kernel: int, before: int, size: int) -> tuple[int, int]:
        first = max(0, before - place * stride)
        return first, max(first, min(kernel, size + before - place * stride))

    def source(row: int, column: int) -> int:
        return (row * w.stride_h * x.across + column * w.stride_w) * x.channels

    def row_of(cells: list[tuple[int, int]], targets: list[int]) -> list[int]:
        rows = [reach(row, w.stride_h, w.kernel_h, w.top, w.in_h) for row, _ in cells]
        columns = [reach(column, w.stride_w, w.kernel_w, w.left, w.in_w) for _, column in cells]
        return [
            *(source(*cell) for cell in cells), *targets,
            min(a for a, _ in rows), max(b for _, b in rows),
            min(a for a, _ in columns), max(b for _, b in columns),
        ]  # fmt: skip

    if step.pools:
        plain = Tensor(y.height, y.width, y.channels)
        return [
            row_of(
                [(2 * r + i, 2 * c + j) for i in (0, 1) for j in (0, 1)],
                [y.place(r, c), plain.place(r, c), 0, 0],
            )
            for r in range(y.height)
            for c in range(y.width)
        ]
    return _cheapest(w.out_h, w.out_w, lambda cells: row_of(cells, [y.place(*c) for c in cells]))


def back_cells(step: Step, dz: Tensor, dx: Tensor) -> list[list[int]]:
    """The table of an input gradient: dz is read from the turned kernel's first tap on."""
    w = step.window
    assert w is not None

    def reach(place: int, kernel: int, before: int, size: int) -> tuple[int, int]:
        first = max(0, before - place)
        return first, max(first, min(kernel, size + before - place))

    def row_of(cells: list[tuple[int, int]]) -> list[int]:
        rows = [reach(row, w.kernel_h, dz.top, dz.height) for row, _ in cells]
        columns = [reach(column, w.kernel_w, dz.left, dz.width) for _, column in cells]
        return [
            *((row * dz.across + column) * dz.channels for row, column in cells),
            *(dx.place(*cell) for cell in cells),
            min(a for a, _ in rows), max(b for _, b in rows),
            min(a for a, _ in columns), max(b for _, b in columns),
        ]  # fmt: skip

    return _cheapest(w.in_h, w.in_w, row_of)


def _cheapest(height: int, width: int, row_of: Any) -> list[list[int]]:
    """Cut a plane into tiles of four cells: 1x4, 2x2 or 4x1, whichever has the fewest taps.

    Tiles at the edge repeat their last cells.
    """
    tables = []
    for down, across in ((2, 2), (1, 4), (4, 1)):
        tables.append(
            [
                row_of(
                    [
                        (min(row + i, height - 1), min(column + j, width - 1))
                        for i in range(down)
                        for j in range(across)
                    ]
                )
                for row in range(0, height, down)
                for column in range(0, width, across)
            ]
        )
    return min(tables, key=lambda rows: sum((r[9] - r[8]) * (r[11] - r[10]) for r in rows))


def pool_cells(step: Step, x: Tensor, y: Tensor) -> list[list[int]]:
    """The table of a pool: what each window covers of the picture, see pool.py."""
    w = step.window
    assert w is not None
    plain = Tensor(y.height, y.width, y.channels)
    found = []
    for row in range(w.out_h):
        for column in range(w.out_w):
            top, left = row * w.stride_h - w.top, column * w.stride_w - w.left
            bottom, right = top + w.kernel_h, left + w.kernel_w
            up, down = max(top, 0), min(bottom, w.in_h)
            near, far = max(left, 0), min(right, w.in_w)
            count = (down - up) * (far - near)
            if step.includes_padding:
                count = (min(bottom, w.in_h + w.bottom) - top) * (
                    min(right, w.in_w + w.right) - left
                )
            found.append(
                [x.place(up, near), down - up, far - near, plain.place(row, column), count,
                 y.place(row, column), *[0] * (CELL_WIDTH - 6)]
            )  # fmt: skip
    return found


def order_rows(order: npt.NDArray[np.int64]) -> list[list[int]]:
    """A table that is just a list of numbers, in rows."""
    padded = np.zeros(ceil(order.size / CELL_WIDTH) * CELL_WIDTH, np.int64)
    padded[: order.size] = order
    rows: list[list[int]] = padded.reshape(-1, CELL_WIDTH).tolist()
    return rows


def best_shape(step: Step, lanes: int) -> tuple[int, bool]:
    """Which of `shapes_of` wastes least on a convolution, and whether vectors are mixed."""
    w = step.window
    assert w is not None
    costs = {}
    for number, (rows, taps, vectors) in enumerate(shapes_of(lanes)):
        # Several kernel rows come from places far apart: measured, they go at 7/8 of the pace.
        size = rows * taps * vectors * (8 if rows > 1 else 7)
        for mixed in (False, True) if (w.stride_h, w.stride_w) == (1, 1) else (False,):
            line = step.x.channels if mixed else step.x.channels * w.kernel_w
            wide = w.kernel_w * step.y.channels if mixed else step.y.channels
            tiles = ceil(w.kernel_h / rows) * ceil(line / taps) * ceil(wide / lanes / vectors)
            columns = w.out_w + w.kernel_w - 1 if mixed else w.out_w
            costs[number, mixed] = tiles * size * columns
    return min(costs, key=lambda key: costs[key])


def elements(shape: tuple[int, ...]) -> Tensor:
    """A tensor for one sample of this shape."""
    if len(shape) == 3:
        return Tensor(shape[1], shape[2], shape[0])
    return Tensor(1, 1, prod(shape))
