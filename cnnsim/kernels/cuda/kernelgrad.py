"""The kernel and bias gradient of a convolution, summed in an order that never changes.

A thread has the elements of one kernel row, of one channel, for 8 maps; it slides along rows of the
output and multiplies pixels that it has in registers by eight gradients that its whole team shares.
Where channels are few, several teams of a block take turns at the rows. The samples are cut into
slices, by the sizes alone. Teams are added up in their order here, slices where the parameters are
updated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.convolution import MAPS, Shape
from cnnsim.kernels.cuda.digits import split
from cnnsim.kernels.cuda.jit import SHARED, SIMULATED, Kernel
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.sources import Source
from cnnsim.kernels.cuda.tile import clear, put8, times8

#: Threads of a block, about, and blocks that fill a large GPU.
_THREADS, _BLOCKS = (8, 4) if SIMULATED else (256, 528)
#: Elements of a kernel row that a thread can take at once, best first.
_AT_ONCE = (5, 3, 1)


class Slices(NamedTuple):
    """How a kernel gradient is cut up.

    Attributes:
        row: kernel elements of a thread.
        channels: of a block.
        rows: of the output that lie in shared memory together.
        teams: that take turns at these rows.
        samples: of a slice.
        slices: how many there are.
    """

    row: int
    channels: int
    rows: int
    teams: int
    samples: int
    slices: int


def slices_of(s: Shape) -> Slices | None:
    """How to cut it up; None where a row is too long for shared memory."""
    row = next(size for size in _AT_ONCE if s.kernel_w % size == 0)
    each = s.kernel_h * (s.kernel_w // row)
    most = min(s.channels, max(1, _THREADS // each))
    for channels in range(most, 0, -1):
        rows = next(
            (rows for rows in range(s.out_h, 0, -1) if _floats(s, channels, rows) <= SHARED), 0
        )
        if rows >= min(s.out_h, 4) and channels * each < 512:
            blocks = -(-s.channels // channels) * -(-s.maps // MAPS)
            count = min(s.batch, -(-_BLOCKS // blocks))
            samples = -(-s.batch // count)
            teams = max(1, min(rows, _THREADS // (channels * each + 1)))
            return Slices(row, channels, rows, teams, samples, -(-s.batch // samples))
    return None


def _plane(s: Shape, rows: int) -> int:
    """Floats of a channel's plane: not a multiple of the memory's banks apart."""
    plane = (rows + s.kernel_h - 1) * (s.out_w + s.kernel_w - 1)
    return -(-(plane - 1) // 32) * 32 + 1


def _floats(s: Shape, channels: int, rows: int) -> int:
    pixels = channels * _plane(s, rows)
    return -(-pixels // 4) * 4 + rows * s.out_w * MAPS


def kernel_gradient(
    s: Shape,
    cut: Slices,
    x: Source,
    dz: Source,
    parts: int,
    has_bias: bool,
    turned: bool,
    name: str,
) -> Kernel:
    """The kernel that fills `parts` [slices][maps][elements of a kernel, and its bias]."""
    batch, channels, height, width, maps = s.batch, s.channels, s.height, s.width, s.maps
    kernel_h, kernel_w, top, left = s.kernel_h, s.kernel_w, s.top, s.left
    out_h, out_w = s.out_h, s.out_w
    row_size, some, rows, teams, samples, count = cut
    pieces = kernel_w // row_size
    each = kernel_h * pieces
    # The last thread of a team sums the bias, as if every pixel were 1.
    units = some * each + (1 if has_bias else 0)
    threads = units * teams
    blocks_along, sets = -(-channels // some), -(-maps // MAPS)
    bands = -(-out_h // rows)
    plane_w, plane_h = out_w + kernel_w - 1, rows + kernel_h - 1
    plane, inside = _plane(s, rows), plane_w * plane_h
    pixels = some * inside
    gradients_at = -(-some * plane // 4) * 4
    gradients = rows * out_w * MAPS
    elements = channels * kernel_h * kernel_w
    line = elements + (1 if has_bias else 0)
    count_of_sums = MAPS * row_size
    taps = kernel_h * kernel_w

    def fill(arena: Any) -> None:
        shared = cuda.shared.array(0, float32, alignment=16)
        sums = cuda.local.array(count_of_sums, float32)
        clear(sums, count_of_sums)
        mine = cuda.threadIdx.x
        block, set_ = split(cuda.blockIdx.x, sets)
        part, along = split(block, blocks_along)
        first_map, first_channel = set_ * MAPS, along * some
        team, unit = split(mine, units)
        is_bias = unit == some * each
        c, piece = split(0 if is_bias else unit, each)
        i, j = split(piece, pieces)
        j *= row_size
        corner = 0 if is_bias else c * plane + i * plane_w + j
        one = float32(1.0)
        for n in range(part * samples, min((part + 1) * samples, batch)):
            for band in range(bands):
                cuda.syncthreads()
                for number in range(mine, pixels, threads):
                    channel, at = split(number, inside)
                    row, column = split(at, plane_w)
                    at += channel * plane
                    row, column = row + band * rows - top, column - left
                    channel += first_channel
                    pixel = float32(0.0)
                    if 0 <= row < height and 0 <= column < width and channel < channels:
                        pixel = x(arena, n * channels + channel, row, column)
                    st1(shared, at, pixel)
                for number in range(mine, gradients, threads):
                    # Neighbouring threads read neighbouring cells.
                    o, cell = split(number, out_w * rows)
                    row, column = split(cell, out_w)
                    gradient = float32(0.0)
                    if band * rows + row < out_h and first_map + o < maps:
                        gradient = dz(arena, n * maps + first_map + o, band * rows + row, column)
                    st1(shared, gradients_at + cell * MAPS + o, gradient)
                cuda.syncthreads()
                for row in range(team, rows, teams):
                    at = corner + row * plane_w
                    gradient_at = gradients_at + row * out_w * MAPS
                    a = ld1(shared, at)
                    b = c_ = d = float32(0.0)
                    if row_size >= 3:
                        b = ld1(shared, at + 1)
                    if row_size >= 5:
                        c_, d = ld1(shared, at + 2), ld1(shared, at + 3)
                    for column in range(out_w):
                        low = ld4(shared, gradient_at + column * MAPS)
                        high = ld4(shared, gradient_at + column * MAPS + 4)
                        last = ld1(shared, at + column + row_size - 1)
                        if row_size == 1:
                            times8(sums, 0, one if is_bias else last, low, high)
                        else:
                            times8(sums, 0, one if is_bias else a, low, high)
                            times8(sums, 8, b, low, high)
                            if row_size == 3:
                                times8(sums, 16, last, low, high)
                                a, b = b, last
                            else:
                                times8(sums, 16, c_, low, high)
                                times8(sums, 24, d, low, high)
                                times8(sums, 32, last, low, high)
                                a, b, c_, d = b, c_, d, last
        cuda.syncthreads()
        put8(shared, mine * count_of_sums, 1, sums, 0)
        if row_size >= 3:
            put8(shared, mine * count_of_sums + 8, 1, sums, 8)
            put8(shared, mine * count_of_sums + 16, 1, sums, 16)
        if row_size >= 5:
            put8(shared, mine * count_of_sums + 24, 1, sums, 24)
            put8(shared, mine * count_of_sums + 32, 1, sums, 32)
        cuda.syncthreads()
        for number in range(mine, units * count_of_sums, threads):
            total = float32(0.0)
            for other in range(teams):
                total += ld1(shared, other * units * count_of_sums + number)
            rest, o = split(number, MAPS)
            unit, k = split(rest, row_size)
            c, piece = split(unit, each)
            channel = first_channel + c
            begin = parts + (part * maps + first_map + o) * line
            if first_map + o < maps:
                if unit == some * each:
                    if k == 0 and first_channel == 0:
                        st1(arena, begin + elements, total)
                elif channel < channels:
                    i, j = split(piece, pieces)
                    element = i * kernel_w + j * row_size + k
                    if turned:
                        element = taps - 1 - element
                    st1(arena, begin + channel * taps + element, total)

    return Kernel(
        fill,
        count * blocks_along * sets,
        threads,
        4 * max(gradients_at + gradients, threads * count_of_sums),
        name=name,
    )
