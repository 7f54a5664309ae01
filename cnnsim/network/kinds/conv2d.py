"""Convolution: every output cell is the bias plus Σ x·w over a window of the input maps.

As everywhere in deep learning, "convolution" is cross-correlation; ``mode = "convolution"`` turns
the kernel by 180° as in signal processing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from cnnsim.errors import ShapeError
from cnnsim.network.fields import Count, Numbers, Padding, Size, numbers
from cnnsim.network.layer import Layer, Place, Shape, Why, times
from cnnsim.network.parameter import Init, Parameter
from cnnsim.network.window import Window, share_inside, sides, size_formula, slide
from cnnsim.steps.sweep import ADD, Index, Origin, Read, Start, Sweep, product


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


def where(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The input pixel and the kernel element of a tap (cross-correlation, one group)."""
    n, o, y, x = cell
    c, i, j = tap
    row = y * p.stride_h + i * p.dilation_h - p.top
    column = x * p.stride_w + j * p.dilation_w - p.left
    return (n, c, row, column), (o, c, i, j)


def where_grouped(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The same in groups. Its own function, for a division in every tap halves the speed."""
    (n, c, row, column), weight = where(cell, tap, p)
    return (n, cell[1] // p.group_out * p.group_in + c, row, column), weight


def turned(weight: Index, p: Params) -> Index:
    """The kernel element after a turn by 180°."""
    o, c, i, j = weight
    return (o, c, p.kernel_h - 1 - i, p.kernel_w - 1 - j)


def where_turned(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """True convolution, one group."""
    pixel, weight = where(cell, tap, p)
    return pixel, turned(weight, p)


def where_turned_grouped(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """True convolution in groups."""
    pixel, weight = where_grouped(cell, tap, p)
    return pixel, turned(weight, p)


#: The rule for (mode, grouped).
RULES = {
    ("cross_correlation", False): where,
    ("cross_correlation", True): where_grouped,
    ("convolution", False): where_turned,
    ("convolution", True): where_turned_grouped,
}


def tied(cell: Index, p: Params) -> Index:
    """One bias for each map."""
    return (cell[1],)


def untied(cell: Index, p: Params) -> Index:
    """One bias for each cell of each map."""
    return (cell[1], cell[2], cell[3])


def _bias(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("none", "tied", "untied"):
            raise ValueError("should be none, tied, untied or numbers")
        return value
    given = numbers(value)
    if given.ndim not in (0, 1, 3):
        raise ValueError("should be one number, one for each map, or [maps][height][width]")
    return given


Bias = Annotated[
    Any,
    BeforeValidator(_bias),
    WithJsonSchema(
        {"anyOf": [{"enum": ["none", "tied", "untied"]}, {"type": "number"}, {"type": "array"}]}
    ),
]


class Conv2d(Layer):
    """A convolution over maps: x [c,h,w] and w [filters, c/groups, h, w] to y [filters,h,w]."""

    adjustable: ClassVar[tuple[str, ...]] = ("filters", "size", "stride", "padding", "dilation")

    type: Literal["conv2d"]
    kernel: Numbers | None = Field(
        default=None, description="values [filters][channels][h][w]; leading 1s may be left out"
    )
    filters: Count | None = Field(default=None, description="how many kernels are drawn")
    size: Size | None = Field(default=None, description="their height and width")
    stride: Size = (1, 1)
    padding: Padding = "valid"
    dilation: Size = (1, 1)
    groups: Count = 1
    mode: Literal["cross_correlation", "convolution"] = "cross_correlation"
    bias: Bias = Field(
        default=None, description="none, tied, untied or values; default: tied if drawn, else none"
    )
    init: Literal["torch", "he"] = "torch"

    @model_validator(mode="after")
    def _kernel_or_size(self) -> Conv2d:
        if self.kernel is not None:
            if self.filters is not None or self.size is not None:
                raise ValueError("kernel gives the values; filters and size would draw them")
            if self.kernel.ndim < 2:
                raise ValueError("kernel should be at least [[…]]: rows of numbers")
        elif self.filters is None or self.size is None:
            raise ValueError("needs kernel = [[…]], or filters and size to draw one")
        return self

    @property
    def kernel_shape(self) -> tuple[int | None, int, int]:
        """(channels or None where they follow from the input, height, width)."""
        if self.kernel is None:
            assert self.size is not None
            return (None, *self.size)
        shape = (1,) * (4 - self.kernel.ndim) + self.kernel.shape
        return (shape[1], shape[2], shape[3])

    @property
    def maps(self) -> int:
        """How many output maps there are."""
        if self.kernel is None:
            assert self.filters is not None
            return self.filters
        return self.kernel.shape[0] if self.kernel.ndim == 4 else 1

    def window(self, shape: Shape) -> Window:
        """The window over the input planes."""
        plane = (shape[1], shape[2])
        _, *kernel = self.kernel_shape
        size = (kernel[0], kernel[1])
        padding = sides(
            self.padding, plane, size, self.stride, self.dilation, self.mode == "convolution"
        )
        return slide(self.name, plane, size, self.stride, self.dilation, padding)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """⌊(input + padding − kernel) / stride⌋ + 1 rows and columns for each filter."""
        channels, *_ = self.wants_map(inputs[0])
        for what, count in (("input maps", channels), ("filters", self.maps)):
            if count % self.groups:
                raise ShapeError(
                    self.name, f"{count} {what} do not divide into {self.groups} groups"
                )
        given, *_ = self.kernel_shape
        if given is not None and given != channels // self.groups:
            raise ShapeError(
                self.name,
                f"its kernels are {given} deep and the input has {channels} maps"
                + (f" in {self.groups} groups" if self.groups > 1 else ""),
                f"give each kernel {channels // self.groups} slices: "
                "kernel[filter][channel][row][column]",
            )
        window = self.window(inputs[0])
        output = (self.maps, window.out_h, window.out_w)
        self._check_bias(output)
        return output

    def _check_bias(self, output: Shape) -> None:
        if self.bias is None or isinstance(self.bias, str) or self.bias.ndim == 0:
            return
        fitting = output if self.bias.ndim == 3 else output[:1]
        if self.bias.shape != fitting:
            raise ShapeError(
                self.name,
                f"its bias has {times(self.bias.shape)} numbers and the output is {times(output)}",
                f"give {output[0]} numbers (tied) or {times(output)} (untied)",
            )

    @property
    def bias_kind(self) -> str:
        """``none``, ``tied`` or ``untied``."""
        if self.bias is None:
            return "tied" if self.kernel is None else "none"
        if isinstance(self.bias, str):
            return self.bias
        return "untied" if self.bias.ndim == 3 else "tied"

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Parameter]:
        """The kernels w [filters, channels/groups, h, w] and b [filters] or [filters, h, w]."""
        channels, *_ = self.wants_map(inputs[0])
        _, height, width = self.kernel_shape
        shape = (self.maps, channels // self.groups, height, width)
        fan_in = shape[1] * height * width
        values = None if self.kernel is None else self.kernel.reshape(shape)
        found = {"w": Parameter(shape, values, self.init, fan_in, "weight")}
        if self.bias_kind != "none":
            output = self.output_shape(inputs)
            init: Init = "torch" if self.init == "torch" else "zeros"
            given = None if self.bias is None or isinstance(self.bias, str) else self.bias
            bias_shape = output if self.bias_kind == "untied" else output[:1]
            found["b"] = Parameter(bias_shape, given, init, fan_in, "bias")
        return found

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep: cell [n,o,y,x], tap [c,i,j]."""
        shape = place.inputs[0]
        window = self.window(shape)
        starts: dict[str, float | Start] = {"none": 0.0, "tied": Start(place.tensor("b"), tied)}
        starts["untied"] = Start(place.tensor("b"), untied)
        kernel_origins = (
            Origin("ky", "kernel_h − 1 − i", 1, 2),
            Origin("kx", "kernel_w − 1 − j", 1, 3),
        )
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                taps=(shape[0] // self.groups, window.kernel_h, window.kernel_w),
                tap_axes=("c", "i", "j"),
                reads=(Read(place.tensors[0]), Read(place.tensor("w"))),
                where=RULES[self.mode, self.groups > 1],
                term=product,
                fold=ADD,
                start=starts[self.bias_kind],
                params=self._params(shape[0] // self.groups, window),
                formula="{0}·{1}",
                origins=(
                    Origin("iy", "y·stride_h + i·dilation_h − top", 0, 2),
                    Origin("ix", "x·stride_w + j·dilation_w − left", 0, 3),
                    *(kernel_origins if self.mode == "convolution" else ()),
                ),
                counts_macs=True,
            )
        ]

    def _params(self, group_in: int, window: Window) -> Params:
        return Params(
            group_in,
            self.maps // self.groups,
            window.kernel_h,
            window.kernel_w,
            window.stride_h,
            window.stride_w,
            window.dilation_h,
            window.dilation_w,
            window.top,
            window.left,
        )

    def field(self, inputs: Sequence[Shape]) -> Window:
        """The convolution's window."""
        return self.window(inputs[0])

    def padding_macs(self, inputs: Sequence[Shape]) -> int:
        """Taps outside the input planes, over all maps."""
        inside, every = share_inside(self.window(inputs[0]))
        return (every - inside) * self.maps * (inputs[0][0] // self.groups)

    def summary(self) -> str:
        """``5×5 /2 p2``: size, stride, padding, dilation, groups."""
        _, height, width = self.kernel_shape
        parts = [f"{height}×{width}"]
        if self.stride != (1, 1):
            parts.append("/" + "×".join(map(str, dict.fromkeys(self.stride))))
        if isinstance(self.padding, str):
            parts += [self.padding] if self.padding != "valid" else []
        elif any(self.padding):
            parts.append("p" + ",".join(map(str, dict.fromkeys(self.padding))))
        if self.dilation != (1, 1):
            parts.append("d" + "×".join(map(str, dict.fromkeys(self.dilation))))
        if self.groups > 1:
            parts.append(f"g{self.groups}")
        return " ".join(parts)

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Rows, columns, parameters and multiply-adds."""
        w = self.window(inputs[0])
        depth = inputs[0][0] // self.groups
        output = self.output_shape(inputs)
        rows = size_formula(w.in_h, w.top + w.bottom, w.kernel_h, w.stride_h, w.dilation_h, False)
        columns = size_formula(
            w.in_w, w.left + w.right, w.kernel_w, w.stride_w, w.dilation_w, False
        )
        weights = f"{depth}·{w.kernel_h}·{w.kernel_w}"
        each = {"none": "", "tied": " + 1", "untied": f" + {w.out_h}·{w.out_w}"}[self.bias_kind]
        lines = [Why("rows", rows, str(w.out_h))]
        if (rows, w.out_h) != (columns, w.out_w):
            lines.append(Why("columns", columns, str(w.out_w)))
        else:
            lines[0] = Why("side", rows, str(w.out_h))
        size = sum(parameter.size for parameter in self.parameters(inputs).values())
        macs = self.maps * w.out_h * w.out_w * depth * w.kernel_h * w.kernel_w
        lines += [
            Why("params", f"{self.maps} · ({weights}{each})", f"{size:,}"),
            Why("MACs", f"{'·'.join(map(str, output))} · {weights}", f"{macs:,}"),
            Why("", "of them on padding zeros", f"{self.padding_macs(inputs):,}"),
        ]
        return lines
