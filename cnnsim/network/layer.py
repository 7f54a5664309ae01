"""What every kind of layer is: its keys, its shape rule, its parameters and its sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from cnnsim.errors import ShapeError
from cnnsim.network.axes import output_axes
from cnnsim.network.fields import Name
from cnnsim.network.kind import Kind
from cnnsim.network.parameter import Parameter
from cnnsim.network.window import Window
from cnnsim.steps.sweep import Sweep

#: The shape of one sample: (features,) or (channels, height, width).
Shape = tuple[int, ...]


class Why(NamedTuple):
    """A line of "why this shape": ``side  ⌊(27 + 4 − 5) / 1⌋ + 1  27``."""

    label: str
    formula: str
    result: str


@dataclass(frozen=True)
class Place:
    """Where a layer stands in a network.

    Attributes:
        name: the layer's.
        batch: samples that run together.
        tensors: what it reads, such as ``input`` or ``conv1.y``.
        inputs: the shapes of one sample of these.
        output: the shape of one sample of its output.
        training: the network runs in training mode (dropout drops, batch norm uses the batch).
        gradient: the tensor with dL/dy, in the backward pass.
    """

    name: str
    batch: int
    tensors: tuple[str, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    training: bool = False
    gradient: str = ""

    def tensor(self, role: str) -> str:
        """The full name of one of the layer's own tensors: ``conv1.w``."""
        return f"{self.name}.{role}"

    @property
    def cells(self) -> tuple[int, ...]:
        """The output of the whole batch."""
        return (self.batch, *self.output)

    @property
    def count(self) -> int:
        """How many numbers of its first input the whole batch has."""
        return self.batch * prod(self.inputs[0])

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the output's coordinates."""
        return output_axes(self.output)


def _sources(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise ValueError("should be the name of a layer above, or a list of names")


Sources = Annotated[
    tuple[str, ...],
    BeforeValidator(_sources),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Layer(Kind):
    """A kind of layer. A subclass with a ``type`` of its own is known everywhere at once.

    Subclasses declare their keys as fields and override `output_shape`, `sweeps` and, where they
    have any, `parameters`; the rest has defaults.
    """

    #: How many tensors it reads: (least, most).
    arity: ClassVar[tuple[int, int]] = (1, 1)
    #: Its output can overwrite its input, so it keeps no activations of its own.
    in_place: ClassVar[bool] = False
    #: Keys that the shape walk offers for what-if edits.
    adjustable: ClassVar[tuple[str, ...]] = ()

    type: str
    name: Name
    sources: Sources = Field(
        default=(), alias="from", description="the layers it reads; default: the one above"
    )

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of one sample of the output. Raises ShapeError."""
        raise ShapeError(self.name, f"{self.type} has no shape rule")

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Parameter]:
        """Its parameters by role (``w``, ``b``)."""
        return {}

    def constants(self, place: Place) -> dict[str, Parameter]:
        """Other tensors that its sweeps read, such as a dropout mask."""
        return {}

    def sweeps(self, place: Place) -> list[Sweep]:
        """The sweeps of its forward pass, in order; ``forward`` fills ``name.y``."""
        raise ShapeError(self.name, f"{self.type} has no sweeps")

    def backward(self, place: Place) -> list[Sweep]:
        """The sweeps of its backward pass, in order, given ``place.gradient``.

        ``kernel_grad`` and ``bias_grad`` fill ``name.dw`` and ``name.db`` unless it is frozen;
        ``input_grad`` fills ``name.dx`` (of several inputs: ``input_grad0``, ``name.dx0``, …).
        """
        raise ShapeError(self.name, f"{self.type} has no gradient")

    def keep(self, place: Place) -> list[Sweep]:
        """The sweeps of what it keeps for the next iteration, in training.

        One that fills ``name.mean_next`` says what ``name.mean`` will be.
        """
        return []

    def input_gradients(self, place: Place) -> tuple[str, ...]:
        """The tensors with the gradients of its inputs, in their order."""
        if len(place.tensors) == 1:
            return (place.tensor("dx"),)
        return tuple(place.tensor(f"dx{number}") for number in range(len(place.tensors)))

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """The window of input pixels that a cell sees; None where it sees everything."""
        shape = inputs[0]
        if len(shape) != 3:
            return None
        plane = (shape[1], shape[2])
        return Window(*plane, *plane, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0)

    def padding_macs(self, inputs: Sequence[Shape]) -> int:
        """How many multiply-adds of one sample multiply a padding zero."""
        return 0

    def summary(self) -> str:
        """Its keys in a few characters: ``5×5 p2``."""
        return ""

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """How its shape and costs follow from its input."""
        return []

    def wants_map(self, shape: Shape) -> tuple[int, int, int]:
        """`shape` as (channels, height, width). Raises ShapeError where it is flat."""
        if len(shape) != 3:
            raise ShapeError(
                self.name,
                f"{self.type} expects maps [channels, height, width] and gets {times(shape)}",
                "put a reshape layer before it, or move it above the flatten layer",
            )
        return (shape[0], shape[1], shape[2])


def kinds() -> dict[str, type[Layer]]:
    """Every kind of layer by its ``type``."""
    return Layer.known()


def times(shape: Sequence[int]) -> str:
    """``256x6x6``."""
    return "x".join(map(str, shape))
