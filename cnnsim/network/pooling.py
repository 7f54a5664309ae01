"""What max and average pooling share: the keys and the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from cnnsim.errors import ShapeError
from cnnsim.network.axes import input_axes
from cnnsim.network.fields import Padding, Size
from cnnsim.network.layer import Place, Shape, Why
from cnnsim.network.window import (
    CELL_ORIGINS,
    Window,
    cell_over,
    pixel_at,
    sides,
    slide,
    window_summary,
)
from cnnsim.network.windowed import Windowed
from cnnsim.steps.sweep import ADD, Index, Sweep


def where(cell: Index, tap: Index, p: Window) -> tuple[Index, ...]:
    """The input pixel of a tap; the map stays the same."""
    n, o, y, x = cell
    i, j = tap
    row, column = pixel_at(y, x, i, j, p)
    return ((n, o, row, column),)


def where_back(cell: Index, tap: Index, p: Window) -> Index:
    """The window that has a pixel under its tap: cell (n, c, y, x), tap (i, j); FAR without one."""
    n, c, row, column = cell
    i, j = tap
    y, x = cell_over(row, column, i, j, p)
    return (n, c, y, x)


class Pool(Windowed):
    """A window that slides over each map by itself: [c,h,w] to [c,h',w']."""

    adjustable: ClassVar[tuple[str, ...]] = ("size", "stride", "padding")

    size: Size
    stride: Size | None = Field(default=None, description="default: the size")
    padding: Padding = "valid"
    ceil_mode: bool = Field(default=False, description="round the output size up, as in PyTorch")

    @property
    def spread(self) -> tuple[int, int]:
        """The dilation, (1, 1) where there is none."""
        return (1, 1)

    def window(self, shape: Shape) -> Window:
        """The window over each plane. Raises ShapeError."""
        plane = (shape[1], shape[2])
        stride = self.stride or self.size
        padding = sides(self.padding, plane, self.size, stride, self.spread)
        for axis, (first, last) in enumerate(((padding[0], padding[2]), (padding[1], padding[3]))):
            span = (self.size[axis] - 1) * self.spread[axis] + 1
            if 2 * max(first, last) > span:
                raise ShapeError(
                    self.name,
                    f"padding {max(first, last)} is more than half of its window of {span}",
                    "a pool's window must reach the picture; make the padding smaller",
                )
        window = slide(self.name, plane, self.size, stride, self.spread, padding, self.ceil_mode)
        for axis, first in enumerate(padding[:2]):
            # Only a window that begins before the picture can step over all of it.
            starts = range(-first, 0, stride[axis])[: self.spread[axis]]
            if any(start % self.spread[axis] >= plane[axis] for start in starts):
                raise ShapeError(
                    self.name,
                    f"a window with dilation {self.spread[axis]} steps over its whole input of "
                    f"{plane[0]}x{plane[1]}",
                    "a pool's window must reach the picture; make dilation or padding smaller",
                )
        return window

    def input_grad(self, place: Place, **rule: Any) -> Sweep:
        """The ``input_grad`` sweep, cell [n,c,y,x], tap [i,j]; `rule` is what a window gives."""
        return Sweep(
            layer=place.name,
            name="input_grad",
            writes=place.tensor("dx"),
            cells=(place.batch, *place.inputs[0]),
            cell_axes=input_axes(place.inputs[0]),
            taps=self.size,
            tap_axes=("i", "j"),
            fold=ADD,
            params=self.window(place.inputs[0]),
            origins=CELL_ORIGINS,
            **rule,
        )

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """⌊(input + padding − size) / stride⌋ + 1 rows and columns, or ⌈…⌉ with ceil_mode."""
        channels, *_ = self.wants_map(inputs[0])
        window = self.window(inputs[0])
        return (channels, window.out_h, window.out_w)

    def summary(self) -> str:
        """``3×3 /2``: size, stride, padding."""
        return window_summary(self.size, self.stride or self.size, self.padding)

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Rows and columns."""
        return self.sides_of_output(inputs, self.ceil_mode)
