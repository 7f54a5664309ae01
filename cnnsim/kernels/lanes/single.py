"""Training sample by sample: here a lane is a map or a unit, as there is only one sample.

Tensors are those of the plan with one float to an element:

    x       [height][width][channels], with the padding's zeros around it
    w       [maps / L][taps + 1][L], as for blocks of samples
    y, dy, dz, code   [height][width][maps]

Each layer is updated as soon as its input's gradient is known. What frozen layers make of a sample
never changes, so as many samples as there are lanes go through them at once.

Kernels read what they need of a record before their loops: the compiler cannot know that what they
store is no part of it.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.compiling import kernel
from cnnsim.kernels.lanes.functions import activate, activate_back, first_of
from cnnsim.kernels.lanes.inside import total
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
    where_equal,
    write,
)


@kernel
def dense_one(m: Any, op: Any, x: int, y: int) -> None:
    """Fill y from x. Four sums run side by side, as one would wait for itself."""
    width = lanes(m)
    maps, weights, taps = op.maps, op.weights, op.taps
    activation, slope = op.activation, op.slope
    for o in range(0, maps, width):
        w = weights + o * (taps + 1)
        a, b = load(m, w + taps * width), spread(m, 0.0)
        c, d = b, b
        whole = taps // 4 * 4
        for i in range(0, whole, 4):
            at = w + i * width
            a = multiply_add(spread(m, read(m, x + i)), load(m, at), a)
            b = multiply_add(spread(m, read(m, x + i + 1)), load(m, at + width), b)
            c = multiply_add(spread(m, read(m, x + i + 2)), load(m, at + 2 * width), c)
            d = multiply_add(spread(m, read(m, x + i + 3)), load(m, at + 3 * width), d)
        for i in range(whole, taps):
            a = multiply_add(spread(m, read(m, x + i)), load(m, w + i * width), a)
        value = activate(m, activation, slope, (a + b) + (c + d))
        store_first(m, y + o, maps - o, value)


@kernel
def dense_one_back(
    m: Any, op: Any, rule: Any, pace: Any, x: int, y: int, dy: int, dz: int, dx: int
) -> None:
    """Fill dx from dy where it is wanted, and update the weights where they are trained."""
    width = lanes(m)
    maps, activation, slope = op.maps, op.activation, op.slope
    back, taps, weights = op.back, op.taps, op.weights
    trained, has_bias = op.trained, op.has_bias
    for o in range(0, maps, width):
        g = activate_back(m, activation, slope, load(m, y + o), load(m, dy + o))
        store(m, dz + o, first_of(m, maps - o, g, spread(m, 0.0)))
    if back:
        for i in range(0, taps, width):
            acc = zero_panel(m)
            for o in range(0, maps, width):
                w = weights + o * (taps + 1) + i * width
                acc = outer(acc, load_panel(m, w, width), (load(m, dz + o),))
            store_first(m, dx + i, taps - i, totals(acc))
    if trained:
        for o in range(0, maps, width):
            w = weights + o * (taps + 1)
            g = load(m, dz + o)
            for i in range(taps):
                update(m, rule, pace, w + i * width, spread(m, read(m, x + i)) * g)
            if has_bias:
                update(m, rule, pace, w + taps * width, g)


@kernel
def conv_one(m: Any, op: Any, cells: Any, x: int, y: int, code: int, scratch: int) -> None:
    """Fill y, and code where it pools, from x: four cells times as many maps as there are lanes."""
    width = lanes(m)
    width_in, channels, kernel_w = op.width_in, op.channels, op.kernel_w
    begin, cell_count, maps = op.cells, op.cell_count, op.maps
    weights, taps, pools = op.weights, op.taps, op.pools
    activation, slope = op.activation, op.slope
    line = width_in * channels
    row = kernel_w * channels
    for number in range(begin, begin + cell_count):
        first, last = cells[number, 10] * channels, cells[number, 11] * channels
        for o in range(0, maps, width):
            w = weights + o * (taps + 1)
            acc = zeros(m, 4)
            for i in range(cells[number, 8], cells[number, 9]):
                at = x + i * line
                a, b = cells[number, 0] + at, cells[number, 1] + at
                c, d = cells[number, 2] + at, cells[number, 3] + at
                for t in range(first, last):
                    weight = load(m, w + (i * row + t) * width)
                    acc = outer(acc, spread_each(m, (a + t, b + t, c + t, d + t)), (weight,))
            shift = load(m, w + taps * width)
            if pools:
                best, winner = largest_of_four(acc)
                value = activate(m, activation, slope, best + shift)
                store_first(m, y + cells[number, 4] + o, maps - o, value)
                store_first(m, code + cells[number, 5] + o, maps - o, winner)
            else:
                keep(m, scratch, width, acc)
                for k in range(4):
                    value = load(m, scratch + k * width) + shift
                    value = activate(m, activation, slope, value)
                    store_first(m, y + cells[number, 4 + k] + o, maps - o, value)


@kernel
def conv_one_before(m: Any, op: Any, y: int, code: int, dy: int, dz: int, shift: int) -> None:
    """Fill dz from dy; `shift` [maps] sums it for the bias."""
    width = lanes(m)
    width_dz, maps, height_y = op.width_dz, op.maps, op.height_y
    width_y, first_y, line_y = op.width_y, op.first_y, op.line_y
    activation, slope, pools = op.activation, op.slope, op.pools
    line = width_dz * maps
    for o in range(0, maps, width):
        left = maps - o
        sum_ = spread(m, 0.0)
        for row in range(height_y):
            for column in range(width_y):
                plain = (row * width_y + column) * maps + o
                at = y + first_y + row * line_y + column * maps + o
                g = activate_back(m, activation, slope, load(m, at), load(m, dy + plain))
                sum_ = sum_ + g
                if pools:
                    winner = load(m, code + plain)
                    to = dz + 2 * (row * line + column * maps) + o
                    for k in range(4):
                        mine = where_equal(winner, spread(m, float(k)), g, spread(m, 0.0))
                        store_first(m, to + k // 2 * line + k % 2 * maps, left, mine)
                else:
                    store_first(m, dz + row * line + column * maps + o, left, g)
        store_first(m, shift + o, left, sum_)


@kernel
def conv_one_back(m: Any, op: Any, dz: int, dx: int) -> None:
    """Fill dx from dz within its border, one number after the other."""
    width = lanes(m)
    width_dz, maps, size_x = op.width_dz, op.maps, op.size_x
    width_x, channels, kernel_h = op.width_x, op.channels, op.kernel_h
    kernel_w, weights, taps = op.kernel_w, op.weights, op.taps
    line = width_dz * maps
    at = dx
    for row in range(size_x // width_x // channels):
        for column in range(width_x):
            for c in range(channels):
                sum_ = spread(m, 0.0)
                for i in range(kernel_h):
                    for j in range(kernel_w):
                        turned = (kernel_h - 1 - i) * kernel_w + kernel_w - 1 - j
                        from_ = dz + (row + i) * line + (column + j) * maps
                        w = weights + (turned * channels + c) * width
                        for o in range(0, maps, width):
                            weight = load(m, w + o * (taps + 1))
                            sum_ = multiply_add(load(m, from_ + o), weight, sum_)
                write(m, at, total(sum_))
                at += 1


@kernel
def conv_one_update(
    m: Any, op: Any, rule: Any, pace: Any, x: int, dz: int, shift: int, scratch: int
) -> None:
    """Update the weights, nine taps at a time: their gradients are Σ x · dz over the cells."""
    width = lanes(m)
    width_in, channels, kernel_w = op.width_in, op.channels, op.kernel_w
    maps, weights, taps = op.maps, op.weights, op.taps
    kernel_h, height_out, stride_h = op.kernel_h, op.height_out, op.stride_h
    width_dz, width_out, stride_w = op.width_dz, op.width_out, op.stride_w
    has_bias = op.has_bias
    line = width_in * channels
    along = kernel_w * channels
    for o in range(0, maps, width):
        left = maps - o
        w = weights + o * (taps + 1)
        for i in range(0, kernel_h, 3):
            for t in range(0, along, 3):
                acc = zeros(m, 9)
                for row in range(height_out):
                    at = x + (row * stride_h + i) * line + t
                    g = dz + row * width_dz * maps + o
                    for _ in range(width_out):
                        acc = outer(acc, spread_grid(m, at, line, 3, 3), (load(m, g),))
                        at += stride_w * channels
                        g += maps
                keep(m, scratch, width, acc)
                for a in range(min(3, kernel_h - i)):
                    for b in range(min(3, along - t)):
                        g = load(m, scratch + (3 * a + b) * width)
                        g = first_of(m, left, g, spread(m, 0.0))
                        update(m, rule, pace, w + ((i + a) * along + t + b) * width, g)
        if has_bias:
            g = first_of(m, left, load(m, shift + o), spread(m, 0.0))
            update(m, rule, pace, w + taps * width, g)
