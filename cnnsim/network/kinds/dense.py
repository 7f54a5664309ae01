"""A dense layer: every output is the bias plus Σ x·w over all inputs.

It is a convolution whose kernel covers the whole map, so its sweep is one too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from cnnsim.errors import ShapeError
from cnnsim.network.fields import Count, Drawn, Init, Numbers, numbers
from cnnsim.network.layer import Layer, Place, Shape, Why, times
from cnnsim.network.parameter import Parameter, Rule
from cnnsim.network.window import Window
from cnnsim.steps.sweep import ADD, Index, Read, Start, Sweep, product


def where(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The input and the weight of a tap."""
    n, o = cell
    (i,) = tap
    return (n, i), (o, i)


def kernel_grad(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The input that a weight met, and the output's gradient: cell (o, i), tap (n)."""
    o, i = cell
    (n,) = tap
    return (n, i), (n, o)


def kernel_twin(cell: Index, tap: Index, p: Any) -> tuple[Index, Index]:
    """The forward cell and tap of the same product."""
    return (tap[0], cell[0]), (cell[1],)


def input_grad(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The output that an input reached, and the weight between them: cell (n, i), tap (o)."""
    n, i = cell
    (o,) = tap
    return (n, o), (o, i)


def input_twin(cell: Index, tap: Index, p: Any) -> tuple[Index, Index]:
    """The forward cell and tap of the same product."""
    return (cell[0], tap[0]), (cell[1],)


def bias_grad(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """A bias reaches its output in every sample: cell (o), tap (n)."""
    return ((tap[0], cell[0]),)


def bias_at(cell: Index, p: Any) -> Index:
    """One bias for each output."""
    return (cell[1],)


def _bias(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("none", "tied"):
            raise ValueError("should be none, tied or numbers")
        return value
    given = numbers(value)
    if given.ndim > 1:
        raise ValueError("should be one number, or one for each unit")
    return given


Bias = Annotated[
    Any,
    BeforeValidator(_bias),
    WithJsonSchema({"anyOf": [{"enum": ["none", "tied"]}, {"type": "number"}, {"type": "array"}]}),
]


class Dense(Layer):
    """A fully connected layer: x [features] and w [units, features] to y [units]."""

    adjustable: ClassVar[tuple[str, ...]] = ("units",)

    type: Literal["dense"]
    units: Count | None = Field(default=None, description="how many outputs")
    inputs: Count | None = Field(
        default=None, description="how many inputs it was made for; checked where given"
    )
    weights: Numbers | None = Field(default=None, description="values [units][inputs]")
    bias: Bias = Field(
        default=None, description="none, tied or values; default: tied if drawn, else none"
    )
    init: Init = Field(default=Drawn(), description="torch, he, or { normal = deviation }")
    frozen: bool = Field(default=False, description="not trained: no gradient for its numbers")

    @model_validator(mode="after")
    def _units_or_weights(self) -> Dense:
        if self.weights is None and self.units is None:
            raise ValueError("needs units, or weights = [[…]]")
        if self.weights is not None:
            if self.weights.ndim != 2:
                raise ValueError("weights should be [[…], …]: a row of numbers for each unit")
            if self.units not in (None, self.weights.shape[0]):
                raise ValueError(f"units = {self.units}, weights has {self.weights.shape[0]} rows")
        return self

    @property
    def outputs(self) -> int:
        """How many units there are."""
        if self.weights is not None:
            return int(self.weights.shape[0])
        assert self.units is not None
        return self.units

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """(units,), from a flat input of the declared size."""
        shape = inputs[0]
        if len(shape) != 1:
            raise ShapeError(
                self.name,
                f"dense expects a flat input and gets maps of {times(shape)}",
                "put a flatten layer before it",
            )
        declared = self.inputs
        if self.weights is not None:
            declared = int(self.weights.shape[1])
        if declared is not None and declared != shape[0]:
            what = f"expects {declared} features and gets {shape[0]}"
            raise ShapeError(self.name, what, is_count=True)
        bias = self.bias
        listed = bias is not None and not isinstance(bias, str) and bias.ndim
        if listed and len(bias) != self.outputs:
            raise ShapeError(
                self.name, f"its bias has {len(bias)} numbers for {self.outputs} units"
            )
        return (self.outputs,)

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Parameter]:
        """The weights w [units, features] and b [units]."""
        features = inputs[0][0]
        how, deviation = self.init
        made = partial(Parameter, fan_in=features, trained=not self.frozen)
        shape = (self.outputs, features)
        found = {"w": made(shape, self.weights, how, torch_name="weight", deviation=deviation)}
        default = "tied" if self.weights is None else "none"
        bias = default if self.bias is None else self.bias
        if not isinstance(bias, str) or bias == "tied":
            init: Rule = "torch" if how == "torch" else "zeros"
            given = None if isinstance(bias, str) else bias
            found["b"] = made(shape[:1], given, init, torch_name="bias")
        return found

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep: cell [n,o], tap [i]."""
        has_bias = "b" in self.parameters(place.inputs)
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                taps=place.inputs[0],
                tap_axes=("i",),
                reads=(Read(place.tensors[0]), Read(place.tensor("w"))),
                where=where,
                term=product,
                fold=ADD,
                start=Start(place.tensor("b"), bias_at) if has_bias else 0.0,
                formula="{0}·{1}",
                maps="y = b + W x" if has_bias else "y = W x",
                counts_macs=True,
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """``bias_grad`` and ``kernel_grad`` unless frozen, ``input_grad``.

        kernel_grad: cell [o,i], tap [n]; input_grad: cell [n,i], tap [o].
        """
        (features,), (units,) = place.inputs[0], place.output
        common: dict[str, Any] = {"layer": place.name, "fold": ADD}
        gradient = Read(place.gradient)
        found = []
        if not self.frozen:
            over_batch = {**common, "taps": (place.batch,), "tap_axes": ("n",)}
            if "b" in self.parameters(place.inputs):
                found.append(
                    Sweep(
                        name="bias_grad",
                        writes=place.tensor("db"),
                        cells=(units,),
                        cell_axes=("o",),
                        reads=(gradient,),
                        where=bias_grad,
                        maps="db = Σ dy" if place.batch > 1 else "db = dy",
                        **over_batch,
                    )
                )
            found.append(
                Sweep(
                    name="kernel_grad",
                    writes=place.tensor("dw"),
                    cells=(units, features),
                    cell_axes=("o", "i"),
                    reads=(Read(place.tensors[0]), gradient),
                    where=kernel_grad,
                    twin=kernel_twin,
                    term=product,
                    formula="{0}·{1}",
                    maps="dW = Σ dy xᵀ" if place.batch > 1 else "dW = dy xᵀ",
                    **over_batch,
                )
            )
        found.append(
            Sweep(
                name="input_grad",
                writes=place.tensor("dx"),
                cells=(place.batch, features),
                cell_axes=("n", "i"),
                taps=(units,),
                tap_axes=("o",),
                reads=(gradient, Read(place.tensor("w"))),
                where=input_grad,
                twin=input_twin,
                term=product,
                formula="{0}·{1}",
                maps="dx = Wᵀ dy",
                **common,
            )
        )
        return found

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """A dense layer sees everything."""
        return None

    def summary(self) -> str:
        """``9216 in`` where it is declared."""
        declared = self.inputs if self.weights is None else self.weights.shape[1]
        return f"{declared} in" if declared else ""

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Parameters and multiply-adds."""
        features = inputs[0][0]
        size = sum(parameter.size for parameter in self.parameters(inputs).values())
        bias = " + 1" if "b" in self.parameters(inputs) else ""
        return [
            Why("params", f"{self.outputs} · ({features}{bias})", f"{size:,}"),
            Why("MACs", f"{self.outputs} · {features}", f"{self.outputs * features:,}"),
        ]
