"""Average pooling: the mean of each window."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from cnnsim.network.layer import Place
from cnnsim.network.pooling import Pool, where, where_back
from cnnsim.network.window import PIXEL_ORIGINS, Window
from cnnsim.steps.sweep import ADD, Index, Read, Sweep


def all_pixels(cell: Index, p: Window) -> Any:
    """How many pixels a window has, padding included, but not what ceil_mode adds beyond it."""
    rows = np.minimum(cell[2] * p.stride_h + p.kernel_h, p.in_h + p.top + p.bottom)
    columns = np.minimum(cell[3] * p.stride_w + p.kernel_w, p.in_w + p.left + p.right)
    return (rows - cell[2] * p.stride_h) * (columns - cell[3] * p.stride_w)


def pixels_inside(cell: Index, p: Window) -> Any:
    """How many pixels of a window lie in the picture."""
    top = cell[2] * p.stride_h - p.top
    left = cell[3] * p.stride_w - p.left
    rows = np.minimum(top + p.kernel_h, p.in_h) - np.maximum(top, 0)
    columns = np.minimum(left + p.kernel_w, p.in_w) - np.maximum(left, 0)
    return rows * columns


def divide_by_all(total: Any, cell: Index, p: Window) -> Any:
    """The mean over the window, padding included."""
    return total / all_pixels(cell, p)


def divide_by_inside(total: Any, cell: Index, p: Window) -> Any:
    """The mean over the window's pixels in the picture."""
    return total / pixels_inside(cell, p)


def where_in_window(cell: Index, tap: Index, p: Window) -> tuple[Index, ...]:
    """A window over the pixel."""
    return (where_back(cell, tap, p),)


def share_of_all(values: tuple[Any, ...], cell: Index, tap: Index, p: Window) -> Any:
    """The window's gradient divided as its mean was, padding included."""
    return divide_by_all(values[0], where_back(cell, tap, p), p)


def share_of_inside(values: tuple[Any, ...], cell: Index, tap: Index, p: Window) -> Any:
    """The window's gradient divided as its mean was, by the pixels in the picture."""
    return divide_by_inside(values[0], where_back(cell, tap, p), p)


class AvgPool2d(Pool):
    """The mean of each window."""

    type: Literal["avg_pool2d"]
    count_include_pad: bool = Field(
        default=True, description="divide by the padding zeros too, as PyTorch does by default"
    )

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep, cell [n,o,y,x], tap [i,j]; the division is its finish."""
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                taps=self.size,
                tap_axes=("i", "j"),
                reads=(Read(place.tensors[0]),),
                where=where,
                fold=ADD,
                finish=divide_by_all if self.count_include_pad else divide_by_inside,
                params=self.window(place.inputs[0]),
                maps="Y{o} = the mean of each window of X{o}",
                divisor=all_pixels if self.count_include_pad else pixels_inside,
                origins=PIXEL_ORIGINS,
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """A pixel gets its share of the gradient of every window it lies in."""
        return [
            self.input_grad(
                place,
                reads=(Read(place.gradient, None),),
                where=where_in_window,
                term=share_of_all if self.count_include_pad else share_of_inside,
                formula="{0} / count",
                maps="dX{c} = dY{c}, each number shared out over its window",
            )
        ]
