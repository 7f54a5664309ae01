"""Convolution + ReLU + 2x2 pool of a chunk of samples, in shared memory.

A thread has 2x2 cells by up to 8 maps in registers. `near` is the block's shared memory, `codes`
the same in bytes; shapes and places are constants, see `plan`. Tiles at the edge read a little past
it, numbers that they then drop.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, float32, int8

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.models.operations import Convolution, divisor
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.cuda.models.window import window

#: Maps of a tile.
_WIDE = 8
#: The code of a window whose largest value ReLU cuts off.
_OFF = 4


def _tap_forward(op: Convolution, wide: int) -> Any:
    """Add one tap of one channel to a tile: `x` is the place of its pixel, `w` of its weights."""
    line = op.x.row
    quads = wide // 4
    a, b, c = wide, 2 * wide, 3 * wide

    def by_four(acc: Any, near: Any, x: int, w: int, first: int) -> None:
        x0, x1 = ld1(near, x), ld1(near, x + 1)
        x2, x3 = ld1(near, x + line), ld1(near, x + line + 1)
        for q in range(quads):
            o = 4 * q
            k0, k1, k2, k3 = ld4(near, w + o)
            acc[o] += x0 * k0
            acc[o + 1] += x0 * k1
            acc[o + 2] += x0 * k2
            acc[o + 3] += x0 * k3
            acc[a + o] += x1 * k0
            acc[a + o + 1] += x1 * k1
            acc[a + o + 2] += x1 * k2
            acc[a + o + 3] += x1 * k3
            acc[b + o] += x2 * k0
            acc[b + o + 1] += x2 * k1
            acc[b + o + 2] += x2 * k2
            acc[b + o + 3] += x2 * k3
            acc[c + o] += x3 * k0
            acc[c + o + 1] += x3 * k1
            acc[c + o + 2] += x3 * k2
            acc[c + o + 3] += x3 * k3

    def by_one(acc: Any, near: Any, x: int, w: int, first: int) -> None:
        x0, x1 = ld1(near, x), ld1(near, x + 1)
        x2, x3 = ld1(near, x + line), ld1(near, x + line + 1)
        for o in range(wide):
            k = ld1(near, w + o)
            acc[o] += x0 * k
            acc[a + o] += x1 * k
            acc[b + o] += x2 * k
            acc[c + o] += x3 * k

    # Four weights at once need a place that is a multiple of four.
    return device(by_four if op.maps % 4 == 0 and wide % 4 == 0 else by_one)


def forward(op: Convolution, plan: Plan) -> Any:
    """``forward(near, codes, arena, base)``: fills y, and the codes of a pool."""
    wide = divisor(op.maps, _WIDE)
    channel = op.kernel_h * op.kernel_w * op.maps
    taps = window(_tap_forward(op, wide), op, op.x.row, op.maps, 0)
    tile = 4 * wide
    groups, chunk = op.maps // wide, plan.chunk
    down, across = -(-op.out_h // 2), -(-op.out_w // 2)
    if op.pools:
        down, across = op.out_h // 2, op.out_w // 2
    tiles = down * across
    items = tiles * chunk * groups
    channels = op.channels
    height, width = op.out_h, op.out_w
    x0 = op.x.place - op.top * op.x.row - op.left
    x_sample, x_plane, x_row = op.x.sample, op.x.channel, op.x.row
    y0, y_sample, y_plane, y_row, y_column = op.y
    weights, biases, has_bias = op.weights, op.weights + op.biases, op.has_bias
    relu, pools, first_code = op.relu, op.pools, op.codes
    threads = plan.threads

    @device
    def put(near: Any, place: int, value: Any) -> None:
        # NaN stays NaN: a maximum would lose it.
        st1(near, place, float32(0) if relu and value <= float32(0) else value)

    @device
    def conv_forward(near: Any, codes: Any, arena: Any, base: int) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            cell = item % tiles
            n = item // tiles % chunk
            o = item // (tiles * chunk) * wide
            ty, tx = cell // across, cell % across
            acc = cuda.local.array(tile, float32)
            for m in range(wide):
                start = ld1(near, biases + o + m) if has_bias else float32(0)
                acc[m] = start
                acc[wide + m] = start
                acc[2 * wide + m] = start
                acc[3 * wide + m] = start
            x = x0 + n * x_sample + 2 * ty * x_row + 2 * tx
            w = weights + o
            for _ in range(channels):
                taps(acc, near, x, w, 0)
                x += x_plane
                w += channel
            for m in range(wide):
                y = y0 + n * y_sample + (o + m) * y_plane
                if pools:
                    best = acc[m]
                    code = 0
                    if acc[wide + m] > best:
                        best, code = acc[wide + m], 1
                    if acc[2 * wide + m] > best:
                        best, code = acc[2 * wide + m], 2
                    if acc[3 * wide + m] > best:
                        best, code = acc[3 * wide + m], 3
                    if relu and not best > float32(0):
                        code = _OFF
                    codes[first_code + ((n * groups * wide + o + m) * tiles + cell)] = int8(code)
                    put(near, y + ty * y_row + tx * y_column, best)
                else:
                    y += 2 * ty * y_row + 2 * tx * y_column
                    is_right, is_below = 2 * tx + 1 < width, 2 * ty + 1 < height
                    put(near, y, acc[m])
                    if is_right:
                        put(near, y + y_column, acc[wide + m])
                    if is_below:
                        put(near, y + y_row, acc[2 * wide + m])
                    if is_right and is_below:
                        put(near, y + y_row + y_column, acc[3 * wide + m])

    return conv_forward
