"""Convolution, bias, activation and 2x2 max pooling in one pass; and the input's gradient.

Places are in floats. With L lanes, and a sample in each lane:

    x       [height][width][channels][L], with the padding's zeros around it
    w       [maps / L][kernel_h · kernel_w · channels + 1][L], a map in each lane; the last row of
            each panel is the bias
    y       [height][width][maps][L], with the zeros that the next layer wants around it
    code    [height][width][maps][L] of the pooled plane: which of the four won, 0 to 3
    dz      [height][width][maps][L], the gradient before activation and pooling, within zeros
    dx      [height][width][channels][L]

Both passes are the same loop: four cells times a few channels stay in registers while the taps run
by. Within a kernel row the taps (kernel column, channel) lie side by side in x and in w.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.functions import activate
from cnnsim.kernels.lanes.loops.tile import at_each, keep, largest_of_four, outer, spreads, zeros
from cnnsim.kernels.lanes.loops.vector import NEXT, lanes, load, read, spread, store

# The columns of a table of cells: where four cells read, where they write, and which kernel rows
# and columns have anything but padding under any of the four.
SOURCE, TARGET, ROW_FROM, ROW_TO, COLUMN_FROM, COLUMN_TO = 0, 4, 8, 9, 10, 11


@inlined
def sums_of_four(m: Any, acc: Any, places: Any, w: int, tap: int, channel: int, taps: int) -> Any:
    """Add x · w over `taps` taps, for four cells times four channels.

    The weights of a tap lie `tap` floats behind those of the one before, a channel's `channel`.
    """
    a, b, c, d = places
    for _ in range(taps):
        acc = outer(acc, at_each(m, (a, b, c, d)), spreads(m, w, channel, 4))
        a, b, c, d = a + lanes(m), b + lanes(m), c + lanes(m), d + lanes(m)
        w += tap
    return acc


@inlined
def sums_of_two(m: Any, acc: Any, places: Any, w: int, tap: int, channel: int, taps: int) -> Any:
    """The same for four cells times two channels: what narrow registers hold."""
    a, b, c, d = places
    for _ in range(taps):
        acc = outer(acc, at_each(m, (a, b, c, d)), spreads(m, w, channel, 2))
        a, b, c, d = a + lanes(m), b + lanes(m), c + lanes(m), d + lanes(m)
        w += tap
    return acc


@inlined
def channels_at_once(m: Any, left: int) -> int:
    """How many channels the next tile takes."""
    return 4 if lanes(m) == 16 and left > 2 else 2


@inlined
def four_places(m: Any, cells: Any, number: int, at: int) -> Any:
    """Where the four cells of a row of the table read, `at` floats further on."""
    width = lanes(m)
    return (
        cells[number, SOURCE] * width + at,
        cells[number, SOURCE + 1] * width + at,
        cells[number, SOURCE + 2] * width + at,
        cells[number, SOURCE + 3] * width + at,
    )


@kernel
def convolve(m: Any, op: Any, cells: Any, x: int, y: int, code: int, scratch: int) -> None:
    """Fill y, and code where it pools, from x. `scratch` has room for 16 vectors."""
    width = lanes(m)
    line = op.width_in * op.channels
    panel = (op.taps + 1) * width
    for number in range(op.cells, op.cells + op.cell_count):
        first = cells[number, COLUMN_FROM] * op.channels
        taps = cells[number, COLUMN_TO] * op.channels - first
        o = 0
        while o < op.maps:
            count = channels_at_once(m, op.maps - o)
            weights = op.weights + o // width * panel + o % width
            acc, few = zeros(m, 16), zeros(m, 8)
            for i in range(cells[number, ROW_FROM], cells[number, ROW_TO]):
                places = four_places(m, cells, number, x + (i * line + first) * width)
                w = weights + (i * op.kernel_w * op.channels + first) * width
                if count == 4:
                    acc = sums_of_four(m, acc, places, w, width, NEXT, taps)
                else:
                    few = sums_of_two(m, few, places, w, width, NEXT, taps)
            if count == 4:
                if op.pools:
                    keep(m, scratch, width, largest_of_four(acc))
                else:
                    keep(m, scratch, width, acc)
            elif op.pools:
                keep(m, scratch, width, largest_of_four(few))
            else:
                keep(m, scratch, width, few)
            bias = weights + op.taps * width
            for channel in range(min(count, op.maps - o)):
                shift = spread(m, read(m, bias + channel))
                at = scratch + channel * width
                if op.pools:
                    to = (cells[number, TARGET] + o + channel) * width
                    value = activate(m, op.activation, op.slope, load(m, at) + shift)
                    store(m, y + to, value)
                    winner = load(m, at + count * width)
                    store(m, code + (cells[number, TARGET + 1] + o + channel) * width, winner)
                else:
                    for k in range(4):
                        to = (cells[number, TARGET + k] + o + channel) * width
                        value = load(m, at + k * count * width) + shift
                        store(m, y + to, activate(m, op.activation, op.slope, value))
            o += count


@kernel
def convolve_back(m: Any, op: Any, cells: Any, dz: int, dx: int, scratch: int) -> None:
    """Fill dx from dz: a convolution with the kernels turned and their maps as channels."""
    width = lanes(m)
    line = op.width_dz * op.maps
    panel = (op.taps + 1) * width
    for number in range(op.back_cells, op.back_cells + op.back_count):
        c = 0
        while c < op.channels:
            count = channels_at_once(m, op.channels - c)
            acc, few = zeros(m, 16), zeros(m, 8)
            for i in range(cells[number, ROW_FROM], cells[number, ROW_TO]):
                for j in range(cells[number, COLUMN_FROM], cells[number, COLUMN_TO]):
                    turned = (op.kernel_h - 1 - i) * op.kernel_w + op.kernel_w - 1 - j
                    weights = op.weights + (turned * op.channels + c) * width
                    at = dz + (i * line + j * op.maps) * width
                    for o in range(0, op.maps, width):
                        places = four_places(m, cells, number, at)
                        taps = min(width, op.maps - o)
                        if count == 4:
                            acc = sums_of_four(m, acc, places, weights, NEXT, width, taps)
                        else:
                            few = sums_of_two(m, few, places, weights, NEXT, width, taps)
                        at += width * width
                        weights += panel
            if count == 4:
                keep(m, scratch, width, acc)
            else:
                keep(m, scratch, width, few)
            for channel in range(min(count, op.channels - c)):
                for k in range(4):
                    value = load(m, scratch + (k * count + channel) * width)
                    store(m, dx + (cells[number, TARGET + k] + c + channel) * width, value)
            c += count
