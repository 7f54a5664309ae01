"""Pools that no convolution takes along, and activations and untied biases, which stand alone.

With L lanes, and a sample in each lane: x [height][width][maps][L], y and code alike with the
pool's size. A table of cells says what each window covers of the picture.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.codes import BIAS
from cnnsim.kernels.lanes.loops.compiling import kernel
from cnnsim.kernels.lanes.loops.functions import activate, activate_back
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    read,
    spread,
    store,
    where_beats,
    where_equal,
)

# The columns of a table of windows, padding left out: first pixel, rows, columns, where the result
# goes, and what a mean divides by.
SOURCE, ROWS, COLUMNS, TARGET, COUNT, BORDERED = range(6)


@kernel
def pool(m: Any, op: Any, cells: Any, x: int, y: int, code: int) -> None:
    """The largest of each window, and which one it was; or the mean."""
    width = lanes(m)
    for number in range(op.cells, op.cells + op.cell_count):
        for o in range(op.maps):
            first = x + (cells[number, SOURCE] + o) * width
            best, winner = load(m, first), spread(m, 0.0)
            for i in range(cells[number, ROWS]):
                for j in range(cells[number, COLUMNS]):
                    tap = i * cells[number, COLUMNS] + j
                    if tap == 0:
                        continue
                    other = load(m, first + (i * op.width_in + j) * op.maps * width)
                    if op.averages:
                        best = best + other
                    else:
                        winner = where_beats(other, best, spread(m, float(tap)), winner)
                        best = where_beats(other, best, other, best)
            if op.averages:
                best = best / spread(m, float(cells[number, COUNT]))
            store(m, y + (cells[number, BORDERED] + o) * width, best)
            store(m, code + (cells[number, TARGET] + o) * width, winner)


@kernel
def pool_back(m: Any, op: Any, cells: Any, dy: int, code: int, dx: int) -> None:
    """Each window's gradient to its winner, or shared out."""
    width = lanes(m)
    nothing = spread(m, 0.0)
    for at in range(op.size_in):
        store(m, dx + at * width, nothing)
    for number in range(op.cells, op.cells + op.cell_count):
        for o in range(op.maps):
            g = load(m, dy + (cells[number, TARGET] + o) * width)
            winner = load(m, code + (cells[number, TARGET] + o) * width)
            if op.averages:
                g = g / spread(m, float(cells[number, COUNT]))
            for i in range(cells[number, ROWS]):
                for j in range(cells[number, COLUMNS]):
                    to = dx + (cells[number, SOURCE] + (i * op.width_in + j) * op.maps + o) * width
                    share = g
                    if not op.averages:
                        tap = spread(m, float(i * cells[number, COLUMNS] + j))
                        share = where_equal(winner, tap, g, nothing)
                    store(m, to, load(m, to) + share)


@kernel
def apply(m: Any, op: Any, x: int, y: int) -> None:
    """The activation of each value, into a tensor that may have a border.

    An untied bias is added before.
    """
    width = lanes(m)
    line = op.width_y * op.maps
    for row in range(op.height_y):
        for k in range(line):
            value = load(m, x + (row * line + k) * width)
            if op.kind == BIAS:
                value = value + spread(m, read(m, op.weights + row * line + k))
            to = y + (op.first_y + row * op.line_y + k) * width
            store(m, to, activate(m, op.activation, op.slope, value))


@kernel
def apply_back(m: Any, op: Any, y: int, dy: int, dx: int) -> None:
    """The gradient before the activation."""
    width = lanes(m)
    line = op.width_y * op.maps
    for row in range(op.height_y):
        for k in range(line):
            at = (row * line + k) * width
            value = load(m, y + (op.first_y + row * op.line_y + k) * width)
            g = activate_back(m, op.activation, op.slope, value, load(m, dy + at))
            store(m, dx + at, g)
