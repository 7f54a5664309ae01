"""Training sample by sample: here a lane is a map or a unit, as there is only one sample.

Tensors are those of the plan with one float to an element:

    x       [height][width][channels], with the padding's zeros around it
    w       [maps / L][taps + 1][L], as for blocks of samples
    y, dy, dz, code   [height][width][maps]

Each layer is updated as soon as its input's gradient is known. What frozen layers make of a sample
never changes, so as many samples as there are lanes go through them at once.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.compiling import kernel
from cnnsim.kernels.lanes.functions import activate, activate_back, first_of
from cnnsim.kernels.lanes.tile import (
    keep,
    largest_of_four,
    load_panel,
    outer,
    spread_each,
    spread_grid,
    totals,
    zero_panel,
    zeros,
)
from cnnsim.kernels.lanes.update import update
from cnnsim.kernels.lanes.vector import (
    lanes,
    load,
    multiply_add,
    read,
    spread,
    store,
    store_first,
    total,
    where_equal,
    write,
)


@kernel
def dense_one(m: Any, op: Any, x: int, y: int) -> None:
    """Fill y from x. Four sums run side by side, as one would wait for itself."""
    width = lanes(m)
    for o in range(0, op.maps, width):
        w = op.weights + o * (op.taps + 1)
        a, b = load(m, w + op.taps * width), spread(m, 0.0)
        c, d = b, b
        whole = op.taps // 4 * 4
        for i in range(0, whole, 4):
            at = w + i * width
            a = multiply_add(spread(m, read(m, x + i)), load(m, at), a)
            b = multiply_add(spread(m, read(m, x + i + 1)), load(m, at + width), b)
            c = multiply_add(spread(m, read(m, x + i + 2)), load(m, at + 2 * width), c)
            d = multiply_add(spread(m, read(m, x + i + 3)), load(m, at + 3 * width), d)
        for i in range(whole, op.taps):
            a = multiply_add(spread(m, read(m, x + i)), load(m, w + i * width), a)
        value = activate(m, op.activation, op.slope, (a + b) + (c + d))
        store_first(m, y + o, op.maps - o, value)


@kernel
def dense_one_back(
    m: Any, op: Any, rule: Any, pace: Any, x: int, y: int, dy: int, dz: int, dx: int
) -> None:
    """Fill dx from dy where it is wanted, and update the weights where they are trained."""
    width = lanes(m)
    for o in range(0, op.maps, width):
        g = activate_back(m, op.activation, op.slope, load(m, y + o), load(m, dy + o))
        store(m, dz + o, first_of(m, op.maps - o, g, spread(m, 0.0)))
    if op.back:
        for i in range(0, op.taps, width):
            acc = zero_panel(m)
            for o in range(0, op.maps, width):
                w = op.weights + o * (op.taps + 1) + i * width
                acc = outer(acc, load_panel(m, w, width), (load(m, dz + o),))
            store_first(m, dx + i, op.taps - i, totals(acc))
    if op.trained:
        for o in range(0, op.maps, width):
            w = op.weights + o * (op.taps + 1)
            g = load(m, dz + o)
            for i in range(op.taps):
                update(m, rule, pace, w + i * width, spread(m, read(m, x + i)) * g)
            if op.has_bias:
                update(m, rule, pace, w + op.taps * width, g)


@kernel
def conv_one(m: Any, op: Any, cells: Any, x: int, y: int, code: int, scratch: int) -> None:
    """Fill y, and code where it pools, from x: four cells times as many maps as there are lanes."""
    width = lanes(m)
    line = op.width_in * op.channels
    row = op.kernel_w * op.channels
    for number in range(op.cells, op.cells + op.cell_count):
        first, last = cells[number, 10] * op.channels, cells[number, 11] * op.channels
        for o in range(0, op.maps, width):
            w = op.weights + o * (op.taps + 1)
            acc = zeros(m, 4)
            for i in range(cells[number, 8], cells[number, 9]):
                at = x + i * line
                a, b = cells[number, 0] + at, cells[number, 1] + at
                c, d = cells[number, 2] + at, cells[number, 3] + at
                for t in range(first, last):
                    weight = load(m, w + (i * row + t) * width)
                    acc = outer(acc, spread_each(m, (a + t, b + t, c + t, d + t)), (weight,))
            shift = load(m, w + op.taps * width)
            if op.pools:
                best, winner = largest_of_four(acc)
                value = activate(m, op.activation, op.slope, best + shift)
                store_first(m, y + cells[number, 4] + o, op.maps - o, value)
                store_first(m, code + cells[number, 5] + o, op.maps - o, winner)
            else:
                keep(m, scratch, width, acc)
                for k in range(4):
                    value = load(m, scratch + k * width) + shift
                    value = activate(m, op.activation, op.slope, value)
                    store_first(m, y + cells[number, 4 + k] + o, op.maps - o, value)


@kernel
def conv_one_before(m: Any, op: Any, y: int, code: int, dy: int, dz: int, shift: int) -> None:
    """Fill dz from dy; `shift` [maps] sums it for the bias."""
    width = lanes(m)
    line = op.width_dz * op.maps
    for o in range(0, op.maps, width):
        left = op.maps - o
        sum_ = spread(m, 0.0)
        for row in range(op.height_y):
            for column in range(op.width_y):
                plain = (row * op.width_y + column) * op.maps + o
                at = y + op.first_y + row * op.line_y + column * op.maps + o
                g = activate_back(m, op.activation, op.slope, load(m, at), load(m, dy + plain))
                sum_ = sum_ + g
                if op.pools:
                    winner = load(m, code + plain)
                    to = dz + 2 * (row * line + column * op.maps) + o
                    for k in range(4):
                        mine = where_equal(winner, spread(m, float(k)), g, spread(m, 0.0))
                        store_first(m, to + k // 2 * line + k % 2 * op.maps, left, mine)
                else:
                    store_first(m, dz + row * line + column * op.maps + o, left, g)
        store_first(m, shift + o, left, sum_)


@kernel
def conv_one_back(m: Any, op: Any, dz: int, dx: int) -> None:
    """Fill dx from dz within its border, one number after the other."""
    width = lanes(m)
    line = op.width_dz * op.maps
    at = dx
    for row in range(op.size_x // op.width_x // op.channels):
        for column in range(op.width_x):
            for c in range(op.channels):
                sum_ = spread(m, 0.0)
                for i in range(op.kernel_h):
                    for j in range(op.kernel_w):
                        turned = (op.kernel_h - 1 - i) * op.kernel_w + op.kernel_w - 1 - j
                        from_ = dz + (row + i) * line + (column + j) * op.maps
                        w = op.weights + (turned * op.channels + c) * width
                        for o in range(0, op.maps, width):
                            weight = load(m, w + o * (op.taps + 1))
                            sum_ = multiply_add(load(m, from_ + o), weight, sum_)
                write(m, at, total(sum_))
                at += 1


@kernel
def conv_one_update(
    m: Any, op: Any, rule: Any, pace: Any, x: int, dz: int, shift: int, scratch: int
) -> None:
    """Update the weights, nine taps at a time: their gradients are Σ x · dz over the cells."""
    width = lanes(m)
    line = op.width_in * op.channels
    taps = op.kernel_w * op.channels
    for o in range(0, op.maps, width):
        left = op.maps - o
        w = op.weights + o * (op.taps + 1)
        for i in range(0, op.kernel_h, 3):
            for t in range(0, taps, 3):
                acc = zeros(m, 9)
                for row in range(op.height_out):
                    at = x + (row * op.stride_h + i) * line + t
                    g = dz + row * op.width_dz * op.maps + o
                    for _ in range(op.width_out):
                        acc = outer(acc, spread_grid(m, at, line, 3, 3), (load(m, g),))
                        at += op.stride_w * op.channels
                        g += op.maps
                keep(m, scratch, width, acc)
                for a in range(min(3, op.kernel_h - i)):
                    for b in range(min(3, taps - t)):
                        g = load(m, scratch + (3 * a + b) * width)
                        g = first_of(m, left, g, spread(m, 0.0))
                        update(m, rule, pace, w + ((i + a) * taps + t + b) * width, g)
        if op.has_bias:
            g = first_of(m, left, load(m, shift + o), spread(m, 0.0))
            update(m, rule, pace, w + op.taps * width, g)
