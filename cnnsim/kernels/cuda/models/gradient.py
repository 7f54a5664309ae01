"""The gradients of a convolution on a chunk of samples, in shared memory.

A thread has 2x4 pixels by up to 4 channels of the input's gradient in registers, or all taps by a
few maps of the kernel's. Tiles at the edge read a little past it, numbers that they then drop or
multiply by zero.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.models.operations import Convolution, divisor
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.cuda.models.window import window

#: Pixels by channels of a tile's row.
_TILE = 16


def backward(op: Convolution, plan: Plan) -> Any:
    """``backward(near, codes, arena, base, fresh)``: gradients of weights and input.

    The gradient before pool and ReLU is spread out for one slice of maps after the other. `fresh`
    says that the gradients of the weights are the first of an update.
    """
    spread = _spread(op, plan)
    kernel = _kernel_grad(op, plan)
    bias = _bias_grad(op, plan)
    back = _input_grad(op, plan)
    maps, part = op.maps, op.slice
    is_trained, has_bias, goes_back = op.trained, op.has_bias, op.back

    @device
    def conv_backward(near: Any, codes: Any, arena: Any, base: int, fresh: bool) -> None:
        for first in range(0, maps, part):
            spread(near, codes, first)
            cuda.syncthreads()
            if goes_back:
                back(near, first)
            if is_trained:
                kernel(near, first, fresh)
            if is_trained and has_bias:
                bias(near, first, fresh)
            cuda.syncthreads()

    return conv_backward


def _spread(op: Convolution, plan: Plan) -> Any:
    """Fill the scratch [sample, map of the slice, row, column] with dL/dy before pool and ReLU."""
    part, chunk, threads = op.slice, plan.chunk, plan.threads
    scratch, line, plane, rows, lead = (
        plan.scratch,
        op.spread_w,
        op.spread_map,
        op.spread_h,
        op.lead,
    )
    items = chunk * part * rows
    above = op.above
    height, width = op.out_h, op.out_w
    maps, down, across = op.shape
    pools, masks, first_code = op.pools, op.masks, op.codes
    y0, y_sample, y_plane, y_row, y_column = op.y
    d0, d_sample, d_plane, d_row, d_column = op.dy

    @device
    def spread(near: Any, codes: Any, first: int) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            row = item % rows
            m = item // rows % part
            n = item // (rows * part)
            r, o = row - above, first + m
            to = scratch + (n * part + m) * plane + lead + row * line
            if row == 0:
                for k in range(lead):
                    st1(near, to - lead + k, float32(0))
            r2 = r // 2 if pools else r
            is_inside = r >= 0 and r < height and r2 < down
            d = d0 + n * d_sample + o * d_plane + r2 * d_row
            y = y0 + n * y_sample + o * y_plane + r2 * y_row
            code = first_code + ((n * maps + o) * down + r2) * across
            for c in range(line):
                c2 = c // 2 if pools else c
                value = float32(0)
                if is_inside and c < width and c2 < across:
                    value = ld1(near, d + c2 * d_column)
                    if pools:
                        if codes[code + c2] != (r - 2 * r2) * 2 + c - 2 * c2:
                            value = float32(0)
                    elif masks and not ld1(near, y + c2 * y_column) > float32(0):
                        value = float32(0)
                st1(near, to + c, value)

    return spread


def _tap_back(op: Convolution, across: int, wide: int) -> Any:
    """Add one tap of one map to a tile of the input's gradient."""
    line, below = op.spread_w, across * wide
    channel = op.kernel_h * op.kernel_w * op.maps

    @device
    def tap(acc: Any, near: Any, z: int, w: int, first: int) -> None:
        for g in range(wide):
            k = ld1(near, w + g * channel)
            for p in range(across):
                acc[p * wide + g] += ld1(near, z + p) * k
                acc[below + p * wide + g] += ld1(near, z + line + p) * k

    return tap


def _input_grad(op: Convolution, plan: Plan) -> Any:
    """Add what a slice of maps gives to dL/dx; the first slice begins it."""
    # Four columns where they waste none, or else two.
    long = 4 if op.width % 4 in (0, 3) else 2
    wide = divisor(op.channels, _TILE // long)
    channel = op.kernel_h * op.kernel_w * op.maps
    taps = window(_tap_back(op, long, wide), op, op.spread_w, -op.maps, 0)
    sums, below = 2 * long * wide, long * wide
    down, across = -(-op.height // 2), -(-op.width // long)
    tiles, chunk, part, threads = down * across, plan.chunk, op.slice, plan.threads
    items = tiles * chunk * (op.channels // wide)
    height, width = op.height, op.width
    line, plane = op.spread_w, op.spread_map
    z0 = plan.scratch + op.lead - op.before
    x0, x_sample, x_plane, x_row, x_column = op.dx
    # Taps are read from the last one on.
    weights = op.weights + channel - op.maps

    @device
    def put(near: Any, place: int, value: Any, first: int) -> None:
        old = ld1(near, place) if first > 0 else float32(0)
        st1(near, place, old + value)

    @device
    def input_grad(near: Any, first: int) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            cell = item % tiles
            n = item // tiles % chunk
            c = item // (tiles * chunk) * wide
            r, q = cell // across * 2, cell % across * long
            acc = cuda.local.array(sums, float32)
            for g in range(sums):
                acc[g] = float32(0)
            z = z0 + n * part * plane + r * line + q
            w = weights + c * channel + first
            for _ in range(part):
                taps(acc, near, z, w, 0)
                z += plane
                w += 1
            for g in range(wide):
                x = x0 + n * x_sample + (c + g) * x_plane + r * x_row + q * x_column
                for p in range(long):
                    if q + p < width:
                        put(near, x + p * x_column, acc[p * wide + g], first)
                        if r + 1 < height:
                            put(near, x + x_row + p * x_column, acc[below + p * wide + g], first)

    return input_grad


def _tap_of_four(op: Convolution) -> Any:
    """Add four cells' products to the sums of one tap: `z` is the place of their gradients."""
    wide, step = op.together, op.slice // op.together * op.spread_map

    @device
    def tap(acc: Any, near: Any, x: int, z: int, first: int) -> None:
        x0, x1 = ld1(near, x), ld1(near, x + 1)
        x2, x3 = ld1(near, x + 2), ld1(near, x + 3)
        for m in range(wide):
            z0, z1, z2, z3 = ld4(near, z + m * step)
            acc[first + m] += z0 * x0
            acc[first + m] += z1 * x1
            acc[first + m] += z2 * x2
            acc[first + m] += z3 * x3

    return tap


def _kernel_grad(op: Convolution, plan: Plan) -> Any:
    """Sum a slice's kernel gradients over the chunk.

    A thread has a channel, some maps and some of the samples; neighbours have neighbouring ones.
    What several threads have of the same weights is added in turn.
    """
    wide, part, chunk, threads = op.together, op.slice, plan.chunk, plan.threads
    four = window(_tap_of_four(op), op, op.x.row, 0, op.together)
    maps, channels = op.maps, op.channels
    area = op.kernel_h * op.kernel_w
    sums = area * wide
    groups = part // wide
    cells = channels * groups
    shares = divisor(chunk, max(1, threads // cells))
    each = chunk // shares
    items = cells * shares
    x0 = op.x.place - op.top * op.x.row - op.left
    x_sample, x_plane, x_row = op.x.sample, op.x.channel, op.x.row
    line, plane = op.spread_w, op.spread_map
    z0 = plan.scratch + op.lead + op.above * line
    height, width, gradients = op.out_h, op.out_w, op.gradients
    rounds = -(-items // threads)

    @device
    def kernel_grad(near: Any, first: int, fresh: bool) -> None:
        # Every thread takes every turn, for they wait for each other.
        for turn in range(rounds):
            item = turn * threads + cuda.threadIdx.x
            is_busy = item < items
            c = item % channels
            m = item // channels % groups
            share = item // cells
            acc = cuda.local.array(sums, float32)
            for t in range(sums):
                acc[t] = float32(0)
            if is_busy:
                for s in range(each):
                    n = share * each + s
                    x = x0 + n * x_sample + c * x_plane
                    z = z0 + (n * part + m) * plane
                    for _ in range(height):
                        for column in range(0, width, 4):
                            four(acc, near, x + column, z + column, 0)
                        x += x_row
                        z += line
            to = gradients + c * area * maps + first + m
            for who in range(shares):
                if is_busy and who == share:
                    for t in range(area):
                        for k in range(wide):
                            place = to + t * maps + k * groups
                            old = float32(0) if fresh and who == 0 else ld1(near, place)
                            st1(near, place, old + acc[t * wide + k])
                cuda.syncthreads()

    return kernel_grad


def _bias_grad(op: Convolution, plan: Plan) -> Any:
    """Sum a slice's gradients over cells, then over the samples in order."""
    part, chunk, threads = op.slice, plan.chunk, plan.threads
    scratch, plane, size = plan.scratch, op.spread_map, op.spread_size
    aside = scratch + part * plane * chunk
    items = part * chunk
    gradients = op.gradients + op.biases

    @device
    def bias_grad(near: Any, first: int, fresh: bool) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            z = scratch + item * plane
            total = float32(0)
            for k in range(0, size, 4):
                a, b, c, d = ld4(near, z + k)
                total += a + b + c + d
            st1(near, aside + item, total)
        cuda.syncthreads()
        for m in range(cuda.threadIdx.x, part, threads):
            place = gradients + first + m
            total = float32(0) if fresh else ld1(near, place)
            for n in range(chunk):
                total += ld1(near, aside + n * part + m)
            st1(near, place, total)

    return bias_grad
