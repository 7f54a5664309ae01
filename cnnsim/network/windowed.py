"""What convolutions and pools share: their cells look through a window."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.errors import ShapeError
from cnnsim.network.layer import Layer, Shape, Why
from cnnsim.network.window import Window, size_formula


class Windowed(Layer):
    """A layer of maps whose cells look through a window."""

    def window(self, shape: Shape) -> Window:
        """The window over each plane of an input. Raises ShapeError."""
        raise ShapeError(self.name, f"{self.type} has no window")

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """The window."""
        return self.window(inputs[0])

    def sides_of_output(self, inputs: Sequence[Shape], ceil: bool = False) -> list[Why]:
        """How rows and columns follow from the input: one line where both do alike."""
        w = self.window(inputs[0])
        rows = size_formula(w.in_h, w.top + w.bottom, w.kernel_h, w.stride_h, w.dilation_h, ceil)
        columns = size_formula(w.in_w, w.left + w.right, w.kernel_w, w.stride_w, w.dilation_w, ceil)
        if (rows, w.out_h) == (columns, w.out_w):
            return [Why("side", rows, str(w.out_h))]
        return [Why("rows", rows, str(w.out_h)), Why("columns", columns, str(w.out_w))]
