"""What a convolution reads: a tensor as it is, or a gradient on its way back through what followed.

A source is a function for kernels: ``read(arena, plane, row, column)``, with planes counted through
samples and maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import float32

from cnnsim.kernels.cuda.activations import Activation
from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1

Source = Callable[[Any, int, int, int], Any]


def plain(at: int, height: int, width: int) -> Source:
    """The tensor [planes, height, width] at `at`."""

    @device
    def read(arena: Any, plane: int, row: int, column: int) -> Any:
        return ld1(arena, at + (plane * height + row) * width + column)

    return read


def through_activation(activation: Activation, y: int, dy: int, height: int, width: int) -> Source:
    """The gradient before an activation, from the one behind it at `dy` and its output at `y`."""
    slope = activation.slope

    @device
    def read(arena: Any, plane: int, row: int, column: int) -> Any:
        place = (plane * height + row) * width + column
        return ld1(arena, dy + place) * slope(ld1(arena, y + place))

    return read


def through_pool(
    activation: Activation, y: int, dy: int, code: int, height: int, width: int
) -> Source:
    """The same before a 2x2 pool too, of planes [height, width]; the code says which cell won."""
    slope = activation.slope
    half_h, half_w = height // 2, width // 2

    @device
    def read(arena: Any, plane: int, row: int, column: int) -> Any:
        if row >> 1 >= half_h or column >> 1 >= half_w:
            return float32(0.0)
        place = (plane * half_h + (row >> 1)) * half_w + (column >> 1)
        if ld1(arena, code + place) != float32((row & 1) * 2 + (column & 1)):
            return float32(0.0)
        return ld1(arena, dy + place) * slope(ld1(arena, y + place))

    return read
