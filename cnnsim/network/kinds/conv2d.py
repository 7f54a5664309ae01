"""Convolution: every output cell is the bias plus Σ x·w over a window of the input maps.

As everywhere in deep learning, "convolution" is cross-correlation; ``mode = "convolution"`` turns
the kernel by 180° as in signal processing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from cnnsim.errors import ShapeError
from cnnsim.network.convolution import (
    RULES,
    Params,
    Rules,
    tied,
    tied_grad,
    untied,
    untied_grad,
)
from cnnsim.network.fields import Count, Drawn, Init, Numbers, Padding, Size, numbers
from cnnsim.network.layer import Place, Shape, Why, times
from cnnsim.network.parameter import Parameter, Rule
from cnnsim.network.window import (
    CELL_ORIGINS,
    PIXEL_ORIGINS,
    Window,
    share_inside,
    sides,
    slide,
    window_summary,
)
from cnnsim.network.windowed import Windowed
from cnnsim.steps.sweep import ADD, Origin, Read, Start, Sweep, product


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


class Conv2d(Windowed):
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
    init: Init = Field(default=Drawn(), description="torch, he, or { normal = deviation }")
    frozen: bool = Field(default=False, description="not trained: no gradient for its numbers")

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
        trained = not self.frozen
        how, deviation = self.init
        found = {
            "w": Parameter(
                shape, values, how, fan_in, "weight", trained=trained, deviation=deviation
            )
        }
        if self.bias_kind != "none":
            output = self.output_shape(inputs)
            init: Rule = "torch" if self.init.how == "torch" else "zeros"
            given = None if self.bias is None or isinstance(self.bias, str) else self.bias
            bias_shape = output if self.bias_kind == "untied" else output[:1]
            found["b"] = Parameter(bias_shape, given, init, fan_in, "bias", trained=trained)
        return found

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep: cell [n,o,y,x], tap [c,i,j]."""
        starts: dict[str, float | Start] = {
            "none": 0.0,
            "tied": Start(place.tensor("b"), tied),
            "untied": Start(place.tensor("b"), untied),
        }
        kernel_origins = (
            Origin("ky", "kernel_h − 1 − i", 1, 2),
            Origin("kx", "kernel_w − 1 − j", 1, 3),
        )
        _, *taps = self._weight_shape(place)
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                taps=tuple(taps),
                tap_axes=("c", "i", "j"),
                reads=(Read(place.tensors[0]), Read(place.tensor("w"))),
                where=self._rules.forward,
                term=product,
                fold=ADD,
                start=starts[self.bias_kind],
                params=self._params(place),
                formula="{0}·{1}",
                maps=self._maps,
                origins=PIXEL_ORIGINS + (kernel_origins if self._is_turned else ()),
                counts_macs=True,
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """``bias_grad`` and ``kernel_grad`` unless frozen, ``input_grad``.

        kernel_grad: cell [o,c,i,j], tap [n,y,x]; input_grad: cell [n,c,y,x], tap [o,i,j].
        """
        source, output = place.inputs[0], place.output
        rules, params = self._rules, self._params(place)
        common: dict[str, Any] = {"layer": place.name, "fold": ADD, "params": params}
        every = (place.batch, *output[1:])
        found = []
        if self.bias_kind != "none" and not self.frozen:
            is_tied = self.bias_kind == "tied"
            found.append(
                Sweep(
                    name="bias_grad",
                    writes=place.tensor("db"),
                    cells=output[:1] if is_tied else output,
                    cell_axes=("o",) if is_tied else ("o", "y", "x"),
                    taps=every if is_tied else (place.batch,),
                    tap_axes=("n", "y", "x") if is_tied else ("n",),
                    reads=(Read(place.gradient),),
                    where=tied_grad if is_tied else untied_grad,
                    maps="db{o} = Σ dY{o}" if is_tied else "dB{o} = dY{o}",
                    **common,
                )
            )
        if not self.frozen:
            found.append(
                Sweep(
                    name="kernel_grad",
                    writes=place.tensor("dw"),
                    cells=self._weight_shape(place),
                    cell_axes=("o", "c", "i", "j"),
                    taps=every,
                    tap_axes=("n", "y", "x"),
                    reads=(Read(place.tensors[0]), Read(place.gradient)),
                    where=rules.kernel_grad,
                    twin=rules.kernel_twin,
                    term=product,
                    formula="{0}·{1}",
                    maps="dW{o}{c} = X{r0[1]} ⋆ dY{o}"
                    + (", turned by 180°" if self._is_turned else ""),
                    origins=PIXEL_ORIGINS,
                    **common,
                )
            )
        found.append(
            Sweep(
                name="input_grad",
                writes=place.tensor("dx"),
                cells=(place.batch, *source),
                cell_axes=("n", "c", "y", "x"),
                taps=(params.group_out, params.kernel_h, params.kernel_w),
                tap_axes=("o", "i", "j"),
                reads=(Read(place.gradient, None), Read(place.tensor("w"))),
                where=rules.input_grad,
                twin=rules.input_twin,
                term=product,
                formula="{0}·{1}",
                maps=f"dX{{c}} = Σo(dY{{r0[1]}} {'⋆' if self._is_turned else '∗'} "
                "W{r1[0]}{r1[1]}), full",
                origins=CELL_ORIGINS,
                **common,
            )
        )
        return found

    @property
    def _is_turned(self) -> bool:
        return self.mode == "convolution"

    @property
    def _rules(self) -> Rules:
        return RULES[self._is_turned, self.groups > 1]

    @property
    def _maps(self) -> str:
        """The forward pass map by map: ⋆ is cross-correlation, ∗ true convolution."""
        bias = {"none": "", "tied": "b{o} + ", "untied": "B{o} + "}[self.bias_kind]
        sign = "∗" if self._is_turned else "⋆"
        return f"Y{{o}} = {bias}Σc(X{{r0[1]}} {sign} W{{r1[0]}}{{r1[1]}})"

    def _weight_shape(self, place: Place) -> tuple[int, int, int, int]:
        _, height, width = self.kernel_shape
        return (self.maps, place.inputs[0][0] // self.groups, height, width)

    def _params(self, place: Place) -> Params:
        window = self.window(place.inputs[0])
        return Params(
            place.inputs[0][0] // self.groups,
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

    def padding_macs(self, inputs: Sequence[Shape]) -> int:
        """Taps outside the input planes, over all maps."""
        inside, every = share_inside(self.window(inputs[0]))
        return (every - inside) * self.maps * (inputs[0][0] // self.groups)

    def summary(self) -> str:
        """``5×5 /2 p2``: size, stride, padding, dilation, groups."""
        _, height, width = self.kernel_shape
        text = window_summary((height, width), self.stride, self.padding, self.dilation)
        return text + (f" g{self.groups}" if self.groups > 1 else "")

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Rows, columns, parameters and multiply-adds."""
        w = self.window(inputs[0])
        depth = inputs[0][0] // self.groups
        output = self.output_shape(inputs)
        weights = f"{depth}·{w.kernel_h}·{w.kernel_w}"
        each = {"none": "", "tied": " + 1", "untied": f" + {w.out_h}·{w.out_w}"}[self.bias_kind]
        size = sum(parameter.size for parameter in self.parameters(inputs).values())
        macs = self.maps * w.out_h * w.out_w * depth * w.kernel_h * w.kernel_w
        return [
            *self.sides_of_output(inputs),
            Why("params", f"{self.maps} · ({weights}{each})", f"{size:,}"),
            Why("MACs", f"{'·'.join(map(str, output))} · {weights}", f"{macs:,}"),
            Why("", "of them on padding zeros", f"{self.padding_macs(inputs):,}"),
        ]
