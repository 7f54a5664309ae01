"""Convolution, with bias, activation and a 2x2 pool in one pass; and its input gradient.

A thread has a window of 2x2 cells in 8 maps: 32 sums in registers. For each kernel element it loads
two pixels, for the other two are those of the element before, and eight weights that its whole warp
shares. The planes of a few channels lie in shared memory with their zeros around them, so nothing
is tested while summing.

The input gradient is the same sum over the output's gradient, with the kernels turned and their
channels and maps exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.activations import NONE, Activation
from cnnsim.kernels.cuda.jit import SIMULATED, Kernel, device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.sources import Source
from cnnsim.kernels.cuda.tile import clear, outer4

#: Maps of a thread.
MAPS = 8
#: Sums of a thread.
_SUMS = 4 * MAPS
#: Threads of a block at most and about, the floats of shared memory that need no permission, and
#: blocks that fill a large GPU.
MOST_THREADS, _THREADS, SHARED, _BLOCKS = 512, 8 if SIMULATED else 256, 12 * 1024, 264


class Weights(NamedTuple):
    """Where kernel element (map, channel, row, column) lies: at + Σ coordinate · step."""

    at: int
    map: int
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class Shape:
    """The sizes of a convolution of stride 1: y [batch, maps, out_h, out_w] from x, by a kernel.

    Attributes:
        top, left: zeros above and left of x.
        pools: y keeps the largest of each 2x2 cells, and the code says which, 0 to 3.
    """

    batch: int
    channels: int
    height: int
    width: int
    maps: int
    kernel_h: int
    kernel_w: int
    top: int
    left: int
    out_h: int
    out_w: int
    pools: bool = False

    @property
    def back(self) -> Shape:
        """Those of its input gradient: the same sum over the output's gradient."""
        return Shape(
            self.batch, self.maps, self.out_h, self.out_w, self.channels,
            self.kernel_h, self.kernel_w,
            self.kernel_h - 1 - self.top, self.kernel_w - 1 - self.left,
            self.height, self.width,
        )  # fmt: skip


class Blocks(NamedTuple):
    """How a convolution is cut up: a block takes so much of each."""

    rows: int  # of windows
    samples: int
    groups: int  # of MAPS maps
    channels: int  # at a time


def blocks_of(s: Shape) -> Blocks | None:
    """How to cut a convolution up; None where it is too large for a block.

    Blocks are small where there is little to do, so that all of the GPU takes part.
    """
    down, across = -(-s.out_h // 2), -(-s.out_w // 2)
    groups = -(-s.maps // MAPS)
    threads = min(_THREADS, max(32, s.batch * down * across * groups // _BLOCKS))
    rows = max(1, min(down, threads // across))
    samples = 1
    if rows == down:
        samples = max(1, min(s.batch, threads // (rows * across)))
    taken = max(1, min(groups, threads // (rows * across * samples)))
    if rows * across * samples * taken > MOST_THREADS:
        return None
    plane = (2 * rows + s.kernel_h - 1) * (2 * across + s.kernel_w - 1)
    each = samples * plane + s.kernel_h * s.kernel_w * taken * MAPS
    channels = min(s.channels, (SHARED - 4) // each)
    return Blocks(rows, samples, taken, channels) if channels else None


def convolution(
    s: Shape,
    cut: Blocks,
    source: Source,
    w: Weights,
    y: int,
    bias: int | None = None,
    activation: Activation = NONE,
    code: int = 0,
    name: str = "",
) -> Kernel:
    """The kernel that fills the tensor at `y` from `source`, and with a pool the one at `code`."""
    batch, channels, height, width, maps = s.batch, s.channels, s.height, s.width, s.maps
    kernel_h, kernel_w, top, left = s.kernel_h, s.kernel_w, s.top, s.left
    out_h, out_w, pools = s.out_h, s.out_w, s.pools
    half_h, half_w = out_h // 2, out_w // 2
    at, map_step, channel_step, row_step, column_step = w
    has_bias, bias_at = bias is not None, bias or 0
    finished = activation.apply

    down, across = -(-out_h // 2), -(-out_w // 2)
    rows, samples, groups, at_once = cut
    windows = rows * across
    bands, sets = -(-down // rows), -(-maps // (groups * MAPS))
    threads = windows * samples * groups
    plane_w = 2 * across + kernel_w - 1
    plane_h = 2 * rows + kernel_h - 1
    taps = kernel_h * kernel_w
    wide = groups * MAPS
    pixels = at_once * samples * plane_h * plane_w
    weights_at = -(-pixels // 4) * 4
    weights = at_once * taps * wide
    rounds = -(-channels // at_once)

    @device
    def emit(
        arena: Any, n: int, o: int, row: int, column: int, a: Any, b: Any, c: Any, d: Any
    ) -> None:
        """Finish the four cells of a window and store them, or the largest."""
        if o >= maps:
            return
        if has_bias:
            more = ld1(arena, bias_at + o)
            a, b, c, d = a + more, b + more, c + more, d + more
        if pools:
            if row < half_h and column < half_w:
                best, which = a, float32(0.0)
                # The first of equals wins, and NaN over everything.
                if best == best and not b <= best:
                    best, which = b, float32(1.0)
                if best == best and not c <= best:
                    best, which = c, float32(2.0)
                if best == best and not d <= best:
                    best, which = d, float32(3.0)
                place = ((n * maps + o) * half_h + row) * half_w + column
                st1(arena, y + place, finished(best))
                st1(arena, code + place, which)
        else:
            place = y + ((n * maps + o) * out_h + 2 * row) * out_w + 2 * column
            is_wide, is_high = 2 * column + 1 < out_w, 2 * row + 1 < out_h
            st1(arena, place, finished(a))
            if is_wide:
                st1(arena, place + 1, finished(b))
            if is_high:
                st1(arena, place + out_w, finished(c))
            if is_wide and is_high:
                st1(arena, place + out_w + 1, finished(d))

    def fill(arena: Any) -> None:
        shared = cuda.shared.array(0, float32)
        sums = cuda.local.array(_SUMS, float32)
        clear(sums, _SUMS)
        mine = cuda.threadIdx.x
        first_map = cuda.blockIdx.x % sets * wide
        band = cuda.blockIdx.x // sets % bands
        first_sample = cuda.blockIdx.x // (sets * bands) * samples
        window = mine % windows
        row, column = window // across, window % across
        sample = mine // windows % samples
        group = mine // (windows * samples)
        for turn in range(rounds):
            first_channel = turn * at_once
            cuda.syncthreads()
            for number in range(mine, pixels, threads):
                j = number % plane_w - left
                i = number // plane_w % plane_h + band * 2 * rows - top
                n = number // (plane_w * plane_h) % samples + first_sample
                c = number // (plane_w * plane_h * samples) + first_channel
                pixel = float32(0.0)
                if 0 <= i < height and 0 <= j < width and n < batch and c < channels:
                    pixel = source(arena, n * channels + c, i, j)
                st1(shared, number, pixel)
            for number in range(mine, weights, threads):
                o = number % wide + first_map
                j = number // wide % kernel_w
                i = number // (wide * kernel_w) % kernel_h
                c = number // (wide * taps) + first_channel
                weight = float32(0.0)
                if o < maps and c < channels:
                    weight = ld1(
                        arena,
                        at + o * map_step + c * channel_step + i * row_step + j * column_step,
                    )
                st1(shared, weights_at + number, weight)
            cuda.syncthreads()
            for c in range(at_once):
                corner = ((c * samples + sample) * plane_h + 2 * row) * plane_w + 2 * column
                weight_at = weights_at + c * taps * wide + group * MAPS
                for i in range(kernel_h):
                    upper = corner + i * plane_w
                    lower = upper + plane_w
                    a, b = ld1(shared, upper), ld1(shared, lower)
                    for j in range(kernel_w):
                        right_a = ld1(shared, upper + j + 1)
                        right_b = ld1(shared, lower + j + 1)
                        outer4(sums, 0, a, right_a, b, right_b, ld4(shared, weight_at))
                        outer4(sums, 16, a, right_a, b, right_b, ld4(shared, weight_at + 4))
                        a, b = right_a, right_b
                        weight_at += wide
        n, o = first_sample + sample, first_map + group * MAPS
        row += band * rows
        if n < batch and row < down:
            emit(arena, n, o, row, column, sums[0], sums[1], sums[2], sums[3])
            emit(arena, n, o + 1, row, column, sums[4], sums[5], sums[6], sums[7])
            emit(arena, n, o + 2, row, column, sums[8], sums[9], sums[10], sums[11])
            emit(arena, n, o + 3, row, column, sums[12], sums[13], sums[14], sums[15])
            emit(arena, n, o + 4, row, column, sums[16], sums[17], sums[18], sums[19])
            emit(arena, n, o + 5, row, column, sums[20], sums[21], sums[22], sums[23])
            emit(arena, n, o + 6, row, column, sums[24], sums[25], sums[26], sums[27])
            emit(arena, n, o + 7, row, column, sums[28], sums[29], sums[30], sums[31])

    blocks = -(-batch // samples) * bands * sets
    return Kernel(fill, blocks, threads, 4 * (weights_at + weights), name=name)
