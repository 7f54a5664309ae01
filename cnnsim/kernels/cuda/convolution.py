"""Convolution, with bias, activation and a 2x2 pool in one pass; and its input gradient.

A thread has a window of 2x2 cells in 8 maps: 32 sums in registers. For each kernel element it loads
two pixels, for the other two are those of the element before, and eight weights that its whole warp
shares. The planes of a few channels lie in shared memory with their zeros around them, so nothing
is tested while summing. Where there is little to do, several teams of a block take turns at the
rows of the kernels; what they have is added up in their order.

The input gradient is the same sum over the output's gradient, with the kernels turned and their
channels and maps exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.activations import NONE, Activation
from cnnsim.kernels.cuda.digits import split
from cnnsim.kernels.cuda.jit import SHARED, SIMULATED, Kernel, device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.sources import Source
from cnnsim.kernels.cuda.tile import clear, outer4, put8

#: Maps of a thread.
MAPS = 8
#: Sums of a thread.
_SUMS = 4 * MAPS
#: Threads of a block, and blocks that fill a large GPU.
_THREADS, _BLOCKS = (12, 3) if SIMULATED else (256, 128)
#: Threads of a block with long rows.
_MOST_THREADS = 512


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
    teams: int  # that share the kernels' rows
    channels: int  # at a time


def blocks_of(s: Shape) -> Blocks | None:
    """How to cut a convolution up; None where it is too large for a block.

    Blocks are large, so that many threads share what lies in shared memory, as long as there are
    enough of them for all of the GPU.
    """
    down, across = -(-s.out_h // 2), -(-s.out_w // 2)
    groups = -(-s.maps // MAPS)

    def fits(rows: int, samples: int, taken: int) -> bool:
        blocks = -(-s.batch // samples) * -(-down // rows) * -(-groups // taken)
        return rows * across * samples * taken <= _THREADS and blocks >= _BLOCKS

    rows = max((each for each in range(1, down + 1) if fits(each, 1, 1)), default=1)
    rows = _evenly(down, rows)
    taken = max((each for each in range(1, groups + 1) if fits(rows, 1, each)), default=1)
    taken = _evenly(groups, taken)
    samples = 1
    if rows == down:
        most = range(1, min(s.batch, _THREADS) + 1)
        samples = max((each for each in most if fits(rows, each, taken)), default=1)
    alike = rows * across * samples * taken
    plane = (2 * rows + s.kernel_h - 1) * (2 * across + s.kernel_w - 1)
    each = samples * plane + s.kernel_h * s.kernel_w * taken * MAPS
    most_channels = min(s.channels, (SHARED - 4) // each)
    if not most_channels or rows * across > _MOST_THREADS:
        return None
    channels = _evenly(s.channels, most_channels)
    teams = max(1, min(channels * s.kernel_h, _THREADS // alike))
    return Blocks(rows, samples, taken, teams, channels)


def _evenly(count: int, most: int) -> int:
    """The least size of parts of `count` that are no more than with parts of `most`."""
    return -(-count // -(-count // most))


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
    rows, samples, groups, teams, at_once = cut
    windows = rows * across
    bands, sets = -(-down // rows), -(-maps // (groups * MAPS))
    alike = windows * samples * groups
    threads = alike * teams
    plane_w = 2 * across + kernel_w - 1
    plane_h = 2 * rows + kernel_h - 1
    taps = kernel_h * kernel_w
    wide = groups * MAPS
    pixels = at_once * samples * plane_h * plane_w
    weights_at = -(-pixels // 4) * 4
    weights = at_once * taps * wide
    rounds = -(-channels // at_once)
    kernel_rows = at_once * kernel_h

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

    @device
    def place_of(unit: int) -> Any:
        """Sample, first map, row and column of the window that a thread sums."""
        rest, window = split(unit, windows)
        row, column = split(window, across)
        group, sample = split(rest, samples)
        block, set_ = split(cuda.blockIdx.x, sets)
        step, band = split(block, bands)
        return (
            step * samples + sample, (set_ * groups + group) * MAPS, band * rows + row, column,
        )  # fmt: skip

    @device
    def by_itself(arena: Any, shared: Any, sums: Any) -> None:
        """Finish the sums of a thread."""
        n, o, row, column = place_of(cuda.threadIdx.x)
        if n < batch and row < down:
            emit(arena, n, o, row, column, sums[0], sums[1], sums[2], sums[3])
            emit(arena, n, o + 1, row, column, sums[4], sums[5], sums[6], sums[7])
            emit(arena, n, o + 2, row, column, sums[8], sums[9], sums[10], sums[11])
            emit(arena, n, o + 3, row, column, sums[12], sums[13], sums[14], sums[15])
            emit(arena, n, o + 4, row, column, sums[16], sums[17], sums[18], sums[19])
            emit(arena, n, o + 5, row, column, sums[20], sums[21], sums[22], sums[23])
            emit(arena, n, o + 6, row, column, sums[24], sums[25], sums[26], sums[27])
            emit(arena, n, o + 7, row, column, sums[28], sums[29], sums[30], sums[31])

    @device
    def in_turn(arena: Any, shared: Any, sums: Any) -> None:
        """Add up what the teams have, and finish it: a map of a window at a time."""
        cuda.syncthreads()
        team, unit = split(cuda.threadIdx.x, alike)
        mine = team * _SUMS * alike + unit
        put8(shared, mine, alike, sums, 0)
        put8(shared, mine + 8 * alike, alike, sums, 8)
        put8(shared, mine + 16 * alike, alike, sums, 16)
        put8(shared, mine + 24 * alike, alike, sums, 24)
        cuda.syncthreads()
        for number in range(cuda.threadIdx.x, MAPS * alike, threads):
            which, unit = split(number, alike)
            n, o, row, column = place_of(unit)
            a = b = c = d = float32(0.0)
            for team in range(teams):
                at = (team * _SUMS + 4 * which) * alike + unit
                a += ld1(shared, at)
                b += ld1(shared, at + alike)
                c += ld1(shared, at + 2 * alike)
                d += ld1(shared, at + 3 * alike)
            if n < batch and row < down:
                emit(arena, n, o + which, row, column, a, b, c, d)

    finish = in_turn if teams > 1 else by_itself

    def fill(arena: Any) -> None:
        shared = cuda.shared.array(0, float32, alignment=16)
        sums = cuda.local.array(_SUMS, float32)
        clear(sums, _SUMS)
        mine = cuda.threadIdx.x
        # Of the block's first thread, then within the block.
        first_sample, first_map, first_row, _ = place_of(0)
        team, unit = split(mine, alike)
        rest, window = split(unit, windows)
        row, column = split(window, across)
        group, sample = split(rest, samples)
        for turn in range(rounds):
            first_channel = turn * at_once
            cuda.syncthreads()
            for number in range(mine, pixels, threads):
                rest, j = split(number, plane_w)
                rest, i = split(rest, plane_h)
                c, n = split(rest, samples)
                i, j = i + 2 * first_row - top, j - left
                n, c = n + first_sample, c + first_channel
                pixel = float32(0.0)
                if 0 <= i < height and 0 <= j < width and n < batch and c < channels:
                    pixel = source(arena, n * channels + c, i, j)
                st1(shared, number, pixel)
            for number in range(mine, weights, threads):
                rest, o = split(number, wide)
                rest, j = split(rest, kernel_w)
                c, i = split(rest, kernel_h)
                o, c = o + first_map, c + first_channel
                weight = float32(0.0)
                if o < maps and c < channels:
                    weight = ld1(
                        arena,
                        at + o * map_step + c * channel_step + i * row_step + j * column_step,
                    )
                st1(shared, weights_at + number, weight)
            cuda.syncthreads()
            for kernel_row in range(team, kernel_rows, teams):
                c, i = split(kernel_row, kernel_h)
                upper = ((c * samples + sample) * plane_h + 2 * row + i) * plane_w + 2 * column
                lower = upper + plane_w
                weight_at = weights_at + kernel_row * kernel_w * wide + group * MAPS
                a, b = ld1(shared, upper), ld1(shared, lower)
                for j in range(kernel_w):
                    right_a = ld1(shared, upper + j + 1)
                    right_b = ld1(shared, lower + j + 1)
                    outer4(sums, 0, a, right_a, b, right_b, ld4(shared, weight_at))
                    outer4(sums, 16, a, right_a, b, right_b, ld4(shared, weight_at + 4))
                    a, b = right_a, right_b
                    weight_at += wide
        finish(arena, shared, sums)

    blocks = -(-batch // samples) * bands * sets
    exchanged = _SUMS * threads if teams > 1 else 0
    return Kernel(fill, blocks, threads, 4 * max(weights_at + weights, exchanged), name=name)
