"""What max and average pooling share: the keys and the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from cnnsim.errors import ShapeError
from cnnsim.network.fields import Padding, Size
from cnnsim.network.layer import Layer, Shape, Why
from cnnsim.network.window import Window, sides, size_formula, slide
from cnnsim.steps.sweep import Index, Origin

#: Where a pool's coordinates come from.
ORIGINS = (
    Origin("iy", "y·stride_h + i·dilation_h − top", 0, 2),
    Origin("ix", "x·stride_w + j·dilation_w − left", 0, 3),
)


def where(cell: Index, tap: Index, p: Window) -> tuple[Index, ...]:
    """The input pixel of a tap; the map stays the same."""
    n, o, y, x = cell
    i, j = tap
    row = y * p.stride_h + i * p.dilation_h - p.top
    column = x * p.stride_w + j * p.dilation_w - p.left
    return ((n, o, row, column),)


class Pool(Layer):
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
        return slide(self.name, plane, self.size, stride, self.spread, padding, self.ceil_mode)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """⌊(input + padding − size) / stride⌋ + 1 rows and columns, or ⌈…⌉ with ceil_mode."""
        channels, *_ = self.wants_map(inputs[0])
        window = self.window(inputs[0])
        return (channels, window.out_h, window.out_w)

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """The pool's window."""
        return self.window(inputs[0])

    def summary(self) -> str:
        """``3×3 /2``: size, stride, padding."""
        stride = self.stride or self.size
        parts = [f"{self.size[0]}×{self.size[1]}"]
        if stride != (1, 1):
            parts.append("/" + "×".join(map(str, dict.fromkeys(stride))))
        if isinstance(self.padding, str):
            parts += [self.padding] if self.padding != "valid" else []
        elif any(self.padding):
            parts.append("p" + ",".join(map(str, dict.fromkeys(self.padding))))
        return " ".join(parts)

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Rows and columns."""
        w = self.window(inputs[0])
        ceil = self.ceil_mode
        rows = size_formula(w.in_h, w.top + w.bottom, w.kernel_h, w.stride_h, w.dilation_h, ceil)
        columns = size_formula(w.in_w, w.left + w.right, w.kernel_w, w.stride_w, w.dilation_w, ceil)
        if (rows, w.out_h) == (columns, w.out_w):
            return [Why("side", rows, str(w.out_h))]
        return [Why("rows", rows, str(w.out_h)), Why("columns", columns, str(w.out_w))]
