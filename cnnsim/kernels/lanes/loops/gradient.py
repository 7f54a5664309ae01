"""The gradient of a convolution's kernels, and what has to happen to dy before it.

With L lanes, and a sample in each lane:

    dy      [height][width][maps][L], after activation and pooling; no border
    dz      the same before them, within zeros, or only its last rows where nobody else wants it
    turned  [L samples][border | width · maps | border], one row of dz with samples and maps
            exchanged: now a lane is a map
    raw     the sums of all tiles of taps and maps, as the registers hold them
    grad    [maps / L][kernel_h · kernel_w · channels + 1][L], as the weights lie

Row by row, while it is in the nearest cache: dw[tap] += x[at the tap] · dz, for every sample and
column. Where the maps do not fill vectors, a vector holds (kernel column, map) instead: for one
input column all outputs that it reaches lie side by side in `turned`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.functions import activate_back, first_of
from cnnsim.kernels.lanes.loops.inside import total
from cnnsim.kernels.lanes.loops.tile import (
    keep,
    load_panel,
    load_shape,
    outer,
    taps_of_shape,
    transpose,
    vectors_of_shape,
)
from cnnsim.kernels.lanes.loops.vector import lanes, load, read, spread, store, where_equal, write


@kernel
def before_activation(
    m: Any, op: Any, band: int, dy: int, y: int, code: int, dz: int, shift: int
) -> None:
    """Fill the one or, where it pools, two rows of dz that a row of dy comes from.

    `shift` [maps][L] sums dz for the bias. `dz` is the place of the first of the rows.
    """
    width = lanes(m)
    zero = spread(m, 0.0)
    line = op.width_dz * op.maps * width
    for column in range(op.width_y):
        plain = (band * op.width_y + column) * op.maps * width
        bordered = y + (op.first_y + band * op.line_y + column * op.maps) * width
        to = dz + (2 if op.pools else 1) * column * op.maps * width
        for o in range(op.maps):
            at = o * width
            g = activate_back(
                m, op.activation, op.slope, load(m, bordered + at), load(m, dy + plain + at)
            )
            store(m, shift + at, load(m, shift + at) + g)
            if op.pools:
                winner = load(m, code + plain + at)
                right = to + op.maps * width
                store(m, to + at, where_equal(winner, zero, g, zero))
                store(m, right + at, where_equal(winner, spread(m, 1.0), g, zero))
                store(m, to + line + at, where_equal(winner, spread(m, 2.0), g, zero))
                store(m, right + line + at, where_equal(winner, spread(m, 3.0), g, zero))
            else:
                store(m, to + at, g)


@kernel
def turn(m: Any, source: int, count: int, target: int, step: int) -> None:
    """Exchange [count][L] for [L][count], rows `step` floats apart; a vector of zeros follows."""
    width = lanes(m)
    for f in range(0, count, width):
        square = transpose(load_panel(m, source + f * width, width))
        keep(m, target + f, step, square)
    for n in range(width):
        store(m, target + n * step + count, spread(m, 0.0))


def _tile_of_shape(shape: int) -> Callable[..., None]:
    @kernel
    def add_tile(m: Any, op: Any, line: int, x: int, dz: int, columns: int, raw: int) -> None:
        """Add x · dz, from these places on and for every sample and column, to the tile at `raw`.

        Kernel rows are `line` floats apart in x.
        """
        acc = load_shape(m, raw, shape)
        for n in range(lanes(m)):
            a, g = x + n, dz + n * op.turned_line
            for _ in range(columns):
                taps = taps_of_shape(m, a, line, shape)
                acc = outer(acc, taps, vectors_of_shape(m, g, shape))
                a += op.stride_w * op.channels * lanes(m)
                g += op.maps
        keep(m, raw, lanes(m), acc)

    return add_tile


_tile_0, _tile_1, _tile_2, _tile_3 = (_tile_of_shape(shape) for shape in range(4))


@kernel
def add_row(m: Any, op: Any, row: int, x: int, turned: int, raw: int) -> None:
    """Add what row `row` of dz, in `turned`, gives to every tile of sums in `raw`."""
    width = lanes(m)
    line = op.width_in * op.channels * width
    taps = op.channels if op.mixed else op.kernel_w * op.channels
    vectors = op.kernel_w * op.maps if op.mixed else op.maps
    columns = op.width_out + op.kernel_w - 1 if op.mixed else op.width_out
    first = turned if op.mixed else turned + op.lead
    for v in range(0, vectors, op.tile_vectors * width):
        for i in range(0, op.kernel_h, op.tile_rows):
            source = x + (row * op.stride_h + i) * line
            for t in range(0, taps, op.tile_taps):
                at = source + t * width
                if op.shape == 0:
                    _tile_0(m, op, line, at, first + v, columns, raw)
                elif op.shape == 1:
                    _tile_1(m, op, line, at, first + v, columns, raw)
                elif op.shape == 2:
                    _tile_2(m, op, line, at, first + v, columns, raw)
                else:
                    _tile_3(m, op, line, at, first + v, columns, raw)
                raw += op.tile_size * width


@kernel
def unpack(m: Any, op: Any, raw: int, grad: int) -> None:
    """Lay the sums of all tiles out as the weights lie."""
    width = lanes(m)
    taps = op.channels if op.mixed else op.kernel_w * op.channels
    vectors = op.kernel_w * op.maps if op.mixed else op.maps
    for v in range(0, vectors, op.tile_vectors * width):
        for i in range(0, op.kernel_h, op.tile_rows):
            for t in range(0, taps, op.tile_taps):
                for a in range(min(op.tile_rows, op.kernel_h - i)):
                    for b in range(min(op.tile_taps, taps - t)):
                        at = raw + (a * op.tile_taps + b) * op.tile_vectors * width
                        if op.mixed:
                            _unmix(m, op, at, i + a, v, t + b, grad)
                            continue
                        tap = (i + a) * taps + t + b
                        for o in range(v, min(op.maps, v + op.tile_vectors * width), width):
                            g = first_of(m, op.maps - o, load(m, at), spread(m, 0.0))
                            store(m, grad + o * (op.taps + 1) + tap * width, g)
                            at += width
                raw += op.tile_size * width


@kernel
def _unmix(m: Any, op: Any, at: int, row: int, first: int, channel: int, grad: int) -> None:
    """The same for vectors of (kernel column, map), the columns from the last to the first."""
    width = lanes(m)
    last = min(op.tile_vectors * width, op.kernel_w * op.maps - first)
    for k in range(last):
        column, o = op.kernel_w - 1 - (first + k) // op.maps, (first + k) % op.maps
        tap = (row * op.kernel_w + column) * op.channels + channel
        to = (o // width * (op.taps + 1) + tap) * width + o % width
        write(m, grad + to, read(m, at + k))


@inlined
def conv_gradient(
    m: Any, op: Any, x: int, y: int, code: int, dy: int, dz: int, turned: int, raw: int, grad: int
) -> None:
    """Fill dz and, where the layer is trained, grad; from dy and from what the forward pass left.

    `raw` has room for the sums and, behind them, for the bias's [maps][L].
    """
    width = lanes(m)
    shift = raw + op.raw_size
    for at in range(raw, shift + op.maps * width, width):
        store(m, at, spread(m, 0.0))
    rows = 2 if op.pools else 1
    for band in range(op.height_y):
        first = dz + (op.first_dz + band * rows % op.kept_rows * op.width_dz * op.maps) * width
        before_activation(m, op, band, dy, y, code, first, shift)
        if op.trained:
            for k in range(rows):
                source = first + k * op.width_dz * op.maps * width
                turn(m, source, op.width_out * op.maps, turned + op.lead, op.turned_line)
                add_row(m, op, band * rows + k, x, turned, raw)
    if op.trained:
        unpack(m, op, raw, grad)
        if op.has_bias:
            for o in range(op.maps):
                at = grad + (o // width * (op.taps + 1) + op.taps) * width + o % width
                write(m, at, total(load(m, shift + o * width)))
