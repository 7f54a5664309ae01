"""Small blocks of multiply-adds whose sums stay in registers.

Every sum has a constant place in a local array: an index that only a loop knows would move the
array to memory.
"""

from __future__ import annotations

from typing import Any

from numba import float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import st1


@device
def clear(sums: Any, count: int) -> None:
    """Zeros; `count` is a constant."""
    for number in range(count):
        sums[number] = float32(0.0)


@device
def outer4(sums: Any, at: int, a: Any, b: Any, c: Any, d: Any, w: Any) -> None:
    """Add the products of a, b, c, d with each of the four `w` to 16 sums from `at` on."""
    sums[at] += a * w[0]
    sums[at + 1] += b * w[0]
    sums[at + 2] += c * w[0]
    sums[at + 3] += d * w[0]
    sums[at + 4] += a * w[1]
    sums[at + 5] += b * w[1]
    sums[at + 6] += c * w[1]
    sums[at + 7] += d * w[1]
    sums[at + 8] += a * w[2]
    sums[at + 9] += b * w[2]
    sums[at + 10] += c * w[2]
    sums[at + 11] += d * w[2]
    sums[at + 12] += a * w[3]
    sums[at + 13] += b * w[3]
    sums[at + 14] += c * w[3]
    sums[at + 15] += d * w[3]


@device
def times8(sums: Any, at: int, x: Any, low: Any, high: Any) -> None:
    """Add the products of x with `low` and `high`, four each, to 8 sums from `at` on."""
    sums[at] += x * low[0]
    sums[at + 1] += x * low[1]
    sums[at + 2] += x * low[2]
    sums[at + 3] += x * low[3]
    sums[at + 4] += x * high[0]
    sums[at + 5] += x * high[1]
    sums[at + 6] += x * high[2]
    sums[at + 7] += x * high[3]


@device
def put8(array: Any, at: int, step: int, sums: Any, first: int) -> None:
    """Store 8 sums from `first` on, `step` apart."""
    st1(array, at, sums[first])
    st1(array, at + step, sums[first + 1])
    st1(array, at + 2 * step, sums[first + 2])
    st1(array, at + 3 * step, sums[first + 3])
    st1(array, at + 4 * step, sums[first + 4])
    st1(array, at + 5 * step, sums[first + 5])
    st1(array, at + 6 * step, sums[first + 6])
    st1(array, at + 7 * step, sums[first + 7])
