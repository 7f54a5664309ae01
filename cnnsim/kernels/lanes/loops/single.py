"""Training sample by sample: with only one sample, a lane is a pixel, or an input of a unit.

Tensors are those of single_plan.py. A plane of pixels is one line of floats, its border included: a
window that slides along it meets every place of the picture, and a few at the ends of rows that are
none and that nobody reads. So forward and input gradient are the same loop, and a picture of any
width fills the registers.

Each layer is updated as soon as its input's gradient is known. Kernels read what they need of a
record before their loops: the compiler cannot know that what they store is no part of it.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.codes import NONE
from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.functions import activate, activate_back, first_of
from cnnsim.kernels.lanes.loops.inside import total
from cnnsim.kernels.lanes.loops.tile import (
    at_each,
    evens,
    keep,
    keep_rows,
    largest_of_four,
    load_panel,
    outer,
    spreads,
    totals,
    zero_panel,
    zeros,
)
from cnnsim.kernels.lanes.loops.update import update
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    multiply_add,
    narrow,
    read,
    spread,
    store,
    store_first,
    where_greater,
    write,
)


@kernel
def dense_one(m: Any, op: Any, x: int) -> None:
    """Fill y from x: products of whole rows of weights, as many units at once as lanes."""
    width = lanes(m)
    maps, weights, row, y = op.maps, op.weights, op.row, op.y
    activation, slope = op.activation, op.slope
    for o in range(0, maps, width):
        acc = zero_panel(m)
        for i in range(0, row, width):
            rows = load_panel(m, weights + o * row + i, row)
            acc = outer(acc, rows, (load(m, x + i),))
        value = activate(m, activation, slope, totals(acc))
        # What follows the last unit stays, such as the 1 for the next layer's bias.
        store(m, y + o, first_of(m, maps - o, value, load(m, y + o)))


@kernel
def dense_one_back(m: Any, op: Any, rule: Any, pace: Any, x: int) -> None:
    """Fill dx from dy where it is wanted, and update the weights where they are trained."""
    width = lanes(m)
    maps, weights, row, y = op.maps, op.weights, op.row, op.y
    dy, dz, dx = op.dy, op.dz, op.dx
    activation, slope, back, trained = op.activation, op.slope, op.back, op.trained
    for o in range(0, maps, width):
        g = activate_back(m, activation, slope, load(m, y + o), load(m, dy + o))
        store(m, dz + o, g)
    for i in range(0, row, width):
        inputs = load(m, x + i)
        sum_ = spread(m, 0.0)
        at = weights + i
        for o in range(maps):
            g = spread(m, read(m, dz + o))
            sum_ = multiply_add(g, load(m, at), sum_)
            if trained:
                update(m, rule, pace, at, g * inputs)
            at += row
        if back:
            store(m, dx + i, sum_)


@kernel
def bias_one(m: Any, op: Any, x: int) -> None:
    """Fill y with the activation of x + b: an untied bias."""
    width = lanes(m)
    maps, height, columns, b = op.maps, op.height_y, op.width_y, op.weights
    activation, slope = op.activation, op.slope
    across, plane = op.across_y, op.plane_y
    if plane == height * columns:
        columns, height, maps = columns * height * maps, 1, 1
    for o in range(maps):
        for r in range(height):
            to = op.y + op.begin_y + o * plane + r * across
            for c in range(0, columns, width):
                value = activate(m, activation, slope, load(m, x + c) + load(m, b + c))
                store_first(m, to + c, columns - c, value)
            x += columns
            b += columns


@kernel
def bias_one_update(m: Any, op: Any, rule: Any, pace: Any) -> None:
    """Update an untied bias by dy before the activation, which is its gradient."""
    size, b, dy = op.maps * op.row, op.weights, op.dy
    for i in range(0, size, lanes(m)):
        update(m, rule, pace, b + i, first_of(m, size - i, load(m, dy + i), spread(m, 0.0)))


@kernel
def slide(
    m: Any, x: int, plane: int, across: int, channels: int, kernel_h: int, kernel_w: int,
    w: int, w_map: int, w_channel: int, w_row: int, w_tap: int, y: int, plane_y: int, maps: int,
) -> None:  # fmt: skip
    """y[o][p] = Σ x[c][p + i · across + j] · w[o][c][i][j] for every pixel p of a plane of y.

    The weights of two maps, channels, rows and taps lie `w_map` and so on floats apart.
    """
    width = lanes(m)
    for o in range(0, maps, 4):
        for p in range(0, plane_y, 3 * width):
            acc = zeros(m, 12)
            for c in range(channels):
                at = x + c * plane + p
                for i in range(kernel_h):
                    weight = w + o * w_map + c * w_channel + i * w_row
                    for j in range(kernel_w):
                        pixels = (at + j, at + j + width, at + j + 2 * width)
                        acc = outer(acc, spreads(m, weight, w_map, 4), at_each(m, pixels))
                        weight += w_tap
                    at += across
            keep_rows(m, y + o * plane_y + p, plane_y, 4, acc)


@kernel
def conv_one(m: Any, op: Any, x: int) -> None:
    """Fill y from x, through z; and code where it pools."""
    weights, row, taps, maps = op.weights, op.row, op.taps, op.maps
    activation, slope, pools, has_bias = op.activation, op.slope, op.pools, op.has_bias
    right, down, z, plane_z, code = op.right, op.down, op.z, op.plane_z, op.code
    height, columns, across = op.height_y, op.width_y, op.across_y
    slide(
        m, x, op.plane, op.across, op.channels, op.kernel_h, op.kernel_w,
        weights, row, op.kernel_h * op.kernel_row, op.kernel_row, 1, z, plane_z, maps,
    )  # fmt: skip
    if pools:
        right_y, down_y = 2 * right, 2 * down
    else:
        right_y, down_y = right, down
    few = narrow(m, 8)
    width = lanes(few)
    # Of a vector of pixels all are wanted, or every other one, or only the first.
    count = width if right_y == 1 else width // 2 if right_y == 2 else 1
    for o in range(maps):
        shift = spread(few, 0.0)
        if has_bias:
            shift = spread(few, read(few, weights + o * row + taps))
        for r in range(height):
            p = o * plane_z + r * down_y
            to = op.y + op.begin_y + o * op.plane_y + r * across
            for c in range(0, columns, count):
                value = load(few, z + p)
                if pools:
                    at = z + p
                    four = at_each(few, (at, at + right, at + down, at + down + right))
                    value, winner = largest_of_four(four)
                    lower = where_greater(
                        winner, spread(few, 1.5), spread(few, 2.0), spread(few, 0.0)
                    )
                    behind = multiply_add(
                        lower, spread(few, 0.5 * down - right), winner * spread(few, float(right))
                    )
                    store(few, code + p, behind)
                value = activate(few, activation, slope, value + shift)
                if right_y == 2:
                    value = evens(value)
                store_first(few, to + c, min(count, columns - c), value)
                p += count * right_y


@kernel
def before_one(m: Any, op: Any) -> None:
    """Turn dy, where it lies, into the gradient before the activation."""
    width = lanes(m)
    maps, height, columns, dy = op.maps, op.height_y, op.width_y, op.dy
    activation, slope = op.activation, op.slope
    if activation == NONE:
        return
    across, plane = op.across_y, op.plane_y
    if plane == height * columns:
        columns, height, maps = columns * height * maps, 1, 1
    for o in range(maps):
        for r in range(height):
            y = op.y + op.begin_y + o * plane + r * across
            for c in range(0, columns, width):
                g = load(m, dy)
                g = first_of(
                    m, columns - c, activate_back(m, activation, slope, load(m, y + c), g), g
                )
                store(m, dy, g)
                dy += min(width, columns - c)


@kernel
def conv_one_back(m: Any, op: Any) -> None:
    """Fill dx from dy before the activation: dz slides under the kernels from their last tap on."""
    width = lanes(m)
    maps, height, columns, dy = op.maps, op.height_y, op.width_y, op.dy
    plane, dz, reach, code, plane_z = op.plane, op.dz, op.reach, op.code, op.plane_z
    kernel_h, kernel_w, pools = op.kernel_h, op.kernel_w, op.pools
    right, down = (2 if pools else 1) * op.right, (2 if pools else 1) * op.down
    for at in range(dz, dz + maps * plane, width):
        store(m, at, spread(m, 0.0))
    for o in range(maps):
        for r in range(height):
            for c in range(columns):
                at = r * down + c * right
                to = dz + o * plane + at
                if pools:
                    to += int(read(m, code + o * plane_z + at))
                write(m, to, read(m, dy))
                dy += 1
    kernel = kernel_h * op.kernel_row
    last = (kernel_h - 1) * op.kernel_row + kernel_w - 1
    slide(
        m, dz - reach, plane, op.across, maps, kernel_h, kernel_w, op.weights + last,
        kernel, op.row, -op.kernel_row, -1, op.wide, op.plane_wide, op.channels,
    )  # fmt: skip
    to = op.dx
    for c in range(op.channels):
        for r in range(op.inner_h):
            from_ = op.wide + c * op.plane_wide + op.begin + r * op.across
            for k in range(0, op.inner_w, width):
                store_first(m, to + k, op.inner_w - k, load(m, from_ + k))
            to += op.inner_w


@inlined
def add_window(m: Any, acc: Any, x: int, across: int, slope: Any) -> Any:
    """Add to three vectors those of three rows from `x` on, times `slope`."""
    return outer(acc, at_each(m, (x, x + across, x + 2 * across)), (spread(m, slope),))


@kernel
def conv_one_update(m: Any, op: Any, rule: Any, pace: Any, x: int) -> None:
    """Update the weights. Each gradient moves the taps of one window: the largest of four's."""
    width = lanes(m)
    maps, height, columns, dy = op.maps, op.height_y, op.width_y, op.dy
    channels, plane, across, code, plane_z = op.channels, op.plane, op.across, op.code, op.plane_z
    kernel_h, kernel_w, pools = op.kernel_h, op.kernel_w, op.pools
    gradient, weights, row, taps = op.gradient, op.weights, op.row, op.taps
    kernel_row, has_bias = op.kernel_row, op.has_bias
    right, down = (2 if pools else 1) * op.right, (2 if pools else 1) * op.down
    size = height * columns
    few = narrow(m, 4)
    for o in range(0, maps, 4):
        for c in range(channels):
            for i in range(0, kernel_h, 3):
                for t in range(0, kernel_w, 4):
                    d, e, f, g = zeros(few, 3), zeros(few, 3), zeros(few, 3), zeros(few, 3)
                    slope = dy + o * size
                    for r in range(height):
                        at = x + c * plane + i * across + t + r * down
                        winner = code + o * plane_z + r * down
                        for _ in range(columns):
                            p, q, u, v = at, at, at, at
                            if pools:
                                p += int(read(m, winner))
                                q += int(read(m, winner + plane_z))
                                u += int(read(m, winner + 2 * plane_z))
                                v += int(read(m, winner + 3 * plane_z))
                            d = add_window(few, d, p, across, read(m, slope))
                            e = add_window(few, e, q, across, read(m, slope + size))
                            f = add_window(few, f, u, across, read(m, slope + 2 * size))
                            g = add_window(few, g, v, across, read(m, slope + 3 * size))
                            at += right
                            winner += right
                            slope += 1
                    # Rows that the kernel does not have are covered by those of the next channel,
                    # and at last by the bias, where there is one.
                    to = gradient + o * row + (c * kernel_h + i) * kernel_row + t
                    keep(few, to, kernel_row, d)
                    keep(few, to + row, kernel_row, e)
                    keep(few, to + 2 * row, kernel_row, f)
                    keep(few, to + 3 * row, kernel_row, g)
    for o in range(maps):
        if has_bias:
            sum_ = spread(m, 0.0)
            for n in range(0, size, width):
                sum_ = sum_ + first_of(m, size - n, load(m, dy + o * size + n), spread(m, 0.0))
            write(m, gradient + o * row + taps, total(sum_))
        for i in range(o * row, (o + 1) * row, width):
            update(m, rule, pace, weights + i, load(m, gradient + i))
