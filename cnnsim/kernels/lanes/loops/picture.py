"""One picture forwards, its maps in the lanes: fewer pictures than lanes would leave those idle.

The plan and the weights are those of blocks of samples, but an element is a single float:

    x       [height][width][channels], with the padding's zeros around it; y alike
    w       [maps / L][taps + 1][L], a map in each lane; the last row of each panel is the bias

Cells times panels stay in registers while the taps run by. All threads work on the same picture
and meet after each operation. Every number is summed in the order of the blocks' kernels: the same
bits, whoever asks and with how many pictures.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import native
from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION, DENSE, POOL
from cnnsim.kernels.lanes.loops.barrier import meet
from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.functions import activate
from cnnsim.kernels.lanes.loops.pool import BORDERED, COLUMNS, COUNT, ROWS, SOURCE
from cnnsim.kernels.lanes.loops.tile import keep, load_each, outer, spread_each, zeros
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    memory_of,
    read,
    spread,
    store_first,
    where_beats,
    write,
)


@inlined
def first_tap(op: Any, number: int, count: int) -> Any:
    """Where a cell of a convolution reads; the last one again behind it.

    Cells count along the rows; with a pool along its windows, the four of a window together.
    """
    number = min(number, count - 1)
    if op.pools:
        window, corner = number // 4, number % 4
        row, column = 2 * (window // op.width_y), 2 * (window % op.width_y)
        row, column = row + corner // 2, column + corner % 2
    else:
        row, column = number // op.width_out, number % op.width_out
    return (row * op.stride_h * op.width_in + column * op.stride_w) * op.channels


@inlined
def four_taps(op: Any, number: int, count: int, x: int) -> Any:
    """Where four cells read."""
    return (
        x + first_tap(op, number, count),
        x + first_tap(op, number + 1, count),
        x + first_tap(op, number + 2, count),
        x + first_tap(op, number + 3, count),
    )


@inlined
def sums_of_cells(m: Any, op: Any, acc: Any, cells: Any, panels: Any) -> Any:
    """acc[cell][panel] + x · w: over all taps of the cells that read from `cells` on."""
    across = op.kernel_w * op.channels
    line = op.width_in * op.channels
    w = 0
    for i in range(op.kernel_h):
        for tap in range(i * line, i * line + across):
            acc = outer(acc, spread_each(m, cells, tap), load_each(m, panels, w))
            w += lanes(m)
    return acc


@kernel
def fill_tile(
    m: Any, op: Any, number: int, count: int, x: int, panels: int, weights: int, scratch: int
) -> None:
    """Sums of the next cells times two or three panels, to scratch: [cell][panel][L]."""
    width = lanes(m)
    a, b, c = weights, weights + (op.taps + 1) * width, weights + 2 * (op.taps + 1) * width
    four = four_taps(op, number, count, x)
    if width == 16:
        eight = four + four_taps(op, number + 4, count, x)
        if panels == 3:
            keep(m, scratch, width, sums_of_cells(m, op, zeros(m, 24), eight, (a, b, c)))
        else:
            keep(m, scratch, width, sums_of_cells(m, op, zeros(m, 16), eight, (a, b)))
    elif panels == 3:
        keep(m, scratch, width, sums_of_cells(m, op, zeros(m, 12), four, (a, b, c)))
    else:
        keep(m, scratch, width, sums_of_cells(m, op, zeros(m, 8), four, (a, b)))


@kernel
def keep_tile(
    m: Any, op: Any, number: int, count: int, o: int, panels: int, weights: int, y: int,
    scratch: int,
) -> None:  # fmt: skip
    """Add the bias to the sums in scratch, activate, pool where it pools, and put them into y."""
    width = lanes(m)
    each = 4 if op.pools else 1
    for first in range(number, min(number + tile_cells(m), count), each):
        place = first // each
        row, column = place // op.width_y, place % op.width_y
        to = y + op.first_y + row * op.line_y + column * op.maps
        for v in range(min(panels, (op.maps - o + width - 1) // width)):
            at = scratch + ((first - number) * panels + v) * width
            best = load(m, at)
            for corner in range(1, each):
                other = load(m, at + corner * panels * width)
                best = where_beats(other, best, other, best)
            bias = load(m, weights + (v * (op.taps + 1) + op.taps) * width)
            value = activate(m, op.activation, op.slope, best + bias)
            store_first(m, to + o + v * width, op.maps - o - v * width, value)


@inlined
def tile_cells(m: Any) -> int:
    """Cells of a tile: what the registers hold three panels of."""
    return 8 if lanes(m) == 16 else 4


@kernel
def convolve_picture(
    m: Any, op: Any, x: int, y: int, scratch: int, thread: int, threads: int
) -> None:
    """A convolution with bias, activation and pool. `scratch` has room for 24 vectors."""
    width = lanes(m)
    panels = (op.maps + width - 1) // width
    groups = (panels + 2) // 3
    count = 4 * op.height_y * op.width_y if op.pools else op.height_out * op.width_out
    tiles = (count + tile_cells(m) - 1) // tile_cells(m)
    # A group of panels after the other, so that its weights are at hand for all of its cells.
    for unit in range(groups * tiles * thread // threads, groups * tiles * (thread + 1) // threads):
        group, number = unit // tiles, unit % tiles * tile_cells(m)
        v = panels * group // groups
        # A single panel goes with what is behind it, which keep_tile leaves out.
        several = max(2, panels * (group + 1) // groups - v)
        weights = op.weights + v * (op.taps + 1) * width
        fill_tile(m, op, number, count, x, several, weights, scratch)
        keep_tile(m, op, number, count, v * width, several, weights, y, scratch)


@inlined
def sums_of_units(m: Any, acc: Any, x: int, panels: Any, taps: int) -> Any:
    """acc[panel] + x · w: over all taps."""
    for tap in range(taps):
        acc = outer(acc, spread_each(m, (x,), tap), load_each(m, panels, tap * lanes(m)))
    return acc


@kernel
def dense_picture(m: Any, op: Any, x: int, y: int, scratch: int, thread: int, threads: int) -> None:
    """A dense layer with bias and activation: four panels at once, read side by side."""
    width = lanes(m)
    panels = (op.maps + width - 1) // width
    panel = (op.taps + 1) * width
    fours, last = (panels + 3) // 4, op.weights + (panels - 1) * panel
    for four in range(fours * thread // threads, fours * (thread + 1) // threads):
        v = four * 4
        a = op.weights + v * panel
        # Behind the last panel that one again.
        b, c, d = min(a + panel, last), min(a + 2 * panel, last), min(a + 3 * panel, last)
        keep(m, scratch, width, sums_of_units(m, zeros(m, 4), x, (a, b, c, d), op.taps))
        for k in range(min(4, panels - v)):
            total = load(m, scratch + k * width) + load(m, a + k * panel + op.taps * width)
            value = activate(m, op.activation, op.slope, total)
            store_first(m, y + (v + k) * width, op.maps - (v + k) * width, value)


@kernel
def pool_picture(m: Any, op: Any, cells: Any, x: int, y: int, thread: int, threads: int) -> None:
    """The largest, or the mean, of each window."""
    width = lanes(m)
    begin = op.cells + op.cell_count * thread // threads
    for number in range(begin, op.cells + op.cell_count * (thread + 1) // threads):
        for o in range(0, op.maps, width):
            at = x + cells[number, SOURCE] + o
            best = load(m, at)
            for tap in range(1, cells[number, ROWS] * cells[number, COLUMNS]):
                row, column = tap // cells[number, COLUMNS], tap % cells[number, COLUMNS]
                other = load(m, at + (row * op.width_in + column) * op.maps)
                larger = where_beats(other, best, other, best)
                best = best + other if op.averages else larger
            if op.averages:
                best = best / spread(m, float(cells[number, COUNT]))
            store_first(m, y + cells[number, BORDERED] + o, op.maps - o, best)


@kernel
def apply_picture(m: Any, op: Any, x: int, y: int, thread: int, threads: int) -> None:
    """The activation of each value, which may be none, into a tensor that may have a border.

    An untied bias is added before.
    """
    line = op.width_y * op.maps
    for row in range(op.height_y * thread // threads, op.height_y * (thread + 1) // threads):
        to = y + op.first_y + row * op.line_y
        for k in range(0, line, lanes(m)):
            value = load(m, x + row * line + k)
            if op.kind == BIAS:
                value = value + load(m, op.weights + row * line + k)
            store_first(m, to + k, line - k, activate(m, op.activation, op.slope, value))


@native
def see_pictures(
    array: Any, ops: Any, cells: Any, places: Any, input_places: Any, output_places: Any,
    inputs: Any, outputs: Any, shared: Any, thread: int, threads: int,
) -> None:  # fmt: skip
    """Fill outputs [pictures][numbers] from inputs [pictures][numbers], one picture at a time."""
    m = memory_of(array)
    scratch = places.scratch + thread * places.thread_step
    features, last = input_places.size, ops[ops.size - 1]
    for picture in range(inputs.shape[0]):
        for f in range(features * thread // threads, features * (thread + 1) // threads):
            write(m, ops[0].picture_x + input_places[f], inputs[picture, f])
        if not meet(shared, threads):
            return
        for number in range(ops.size):
            op = ops[number]
            x, y = op.picture_x, op.picture_y
            if op.kind == CONVOLUTION:
                convolve_picture(m, op, x, y, scratch, thread, threads)
            elif op.kind == DENSE:
                dense_picture(m, op, x, y, scratch, thread, threads)
            elif op.kind == POOL:
                pool_picture(m, op, cells, x, y, thread, threads)
            else:
                apply_picture(m, op, x, y, thread, threads)
            if not meet(shared, threads):
                return
        if thread == 0:
            for o in range(output_places.size):
                outputs[picture, o] = read(m, last.picture_y + output_places[o])
