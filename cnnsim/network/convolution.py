"""The one relation of a convolution, read in three directions.

An output cell (n, o, y, x) meets the kernel element (o, c, i, j) at one input pixel: rows and
columns as `window.pixel_at` says, channels by group. Forward sums these products over (c, i, j),
the kernel gradient over (n, y, x), the input gradient over (o, i, j). With ``turned`` the kernel
element is the one turned by 180° (true convolution).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cnnsim.network.window import cell_over, pixel_at
from cnnsim.steps.sweep import Index


class Params(NamedTuple):
    """What index arithmetic needs. A group reads `group_in` maps and writes `group_out`."""

    group_in: int
    group_out: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    left: int


class Rules(NamedTuple):
    """The index rules of a convolution; a twin says which forward product a gradient's step is."""

    forward: Callable[[Index, Index, Params], tuple[Index, ...]]
    kernel_grad: Callable[[Index, Index, Params], tuple[Index, ...]]
    input_grad: Callable[[Index, Index, Params], tuple[Index, ...]]
    kernel_twin: Callable[[Index, Index, Params], tuple[Index, Index]]
    input_twin: Callable[[Index, Index, Params], tuple[Index, Index]]


# -- forward: cell (n, o, y, x), tap (c, i, j), reads x and w ------------------------------------


def forward(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The input pixel and the kernel element of a tap (cross-correlation, one group)."""
    n, o, y, x = cell
    c, i, j = tap
    row, column = pixel_at(y, x, i, j, p)
    return (n, c, row, column), (o, c, i, j)


def forward_grouped(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The same in groups. Its own function, for a division in every tap halves the speed."""
    (n, c, row, column), weight = forward(cell, tap, p)
    return (n, cell[1] // p.group_out * p.group_in + c, row, column), weight


def forward_turned(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """True convolution, one group."""
    pixel, weight = forward(cell, tap, p)
    return pixel, turned(weight, p)


def forward_turned_grouped(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """True convolution in groups."""
    pixel, weight = forward_grouped(cell, tap, p)
    return pixel, turned(weight, p)


def turned(weight: Index, p: Params) -> Index:
    """The kernel element after a turn by 180°."""
    o, c, i, j = weight
    return (o, c, p.kernel_h - 1 - i, p.kernel_w - 1 - j)


# -- kernel gradient: cell (o, c, i, j), tap (n, y, x), reads x and dy ---------------------------


def kernel_grad(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The pixel that the kernel element met at the output cell of a tap, and that cell's dy."""
    o, c, i, j = cell
    n, y, x = tap
    pixel, _ = forward_grouped((n, o, y, x), (c, i, j), p)
    return pixel, (n, o, y, x)


def kernel_grad_turned(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The same for true convolution."""
    return kernel_grad(turned(cell, p), tap, p)


def kernel_twin(cell: Index, tap: Index, p: Params) -> tuple[Index, Index]:
    """The forward cell and tap with the same product of pixel and kernel element."""
    o, c, i, j = cell
    n, y, x = tap
    return (n, o, y, x), (c, i, j)


def kernel_twin_turned(cell: Index, tap: Index, p: Params) -> tuple[Index, Index]:
    """The same for true convolution, whose forward taps run over the window."""
    return kernel_twin(turned(cell, p), tap, p)


# -- input gradient: cell (n, c, y, x), tap (o, i, j), reads dy and w ----------------------------


def input_grad(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The output cell where the pixel met the kernel element of a tap, and that element.

    Where the stride leaves the pixel out, or the border does, there is no such cell: a hole.
    """
    n, channel, row, column = cell
    o, i, j = tap
    group = channel // p.group_in
    y, x = cell_over(row, column, i, j, p)
    output = group * p.group_out + o
    return (n, output, y, x), (output, channel - group * p.group_in, i, j)


def input_grad_turned(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The same for true convolution."""
    output, weight = input_grad(cell, tap, p)
    return output, turned(weight, p)


def input_twin(cell: Index, tap: Index, p: Params) -> tuple[Index, Index]:
    """The forward cell and tap with the same pixel and kernel element."""
    output, (_, c, i, j) = input_grad(cell, tap, p)
    return output, (c, i, j)


#: The rules for (true convolution, grouped).
RULES = {
    (False, False): Rules(forward, kernel_grad, input_grad, kernel_twin, input_twin),
    (False, True): Rules(forward_grouped, kernel_grad, input_grad, kernel_twin, input_twin),
    (True, False): Rules(
        forward_turned, kernel_grad_turned, input_grad_turned, kernel_twin_turned, input_twin
    ),
    (True, True): Rules(
        forward_turned_grouped,
        kernel_grad_turned,
        input_grad_turned,
        kernel_twin_turned,
        input_twin,
    ),
}


# -- the bias -----------------------------------------------------------------------------------


def tied(cell: Index, p: Any) -> Index:
    """One bias for each map."""
    return (cell[1],)


def untied(cell: Index, p: Any) -> Index:
    """One bias for each cell of each map."""
    return (cell[1], cell[2], cell[3])


def tied_grad(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The bias of a map reaches every cell of the map: cell (o), tap (n, y, x)."""
    n, y, x = tap
    return ((n, cell[0], y, x),)


def untied_grad(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """An untied bias reaches one cell of each sample: cell (o, y, x), tap (n)."""
    return ((tap[0], *cell),)
