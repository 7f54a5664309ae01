"""The network: layers in order, each reading the input or layers above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from cnnsim.errors import ShapeError
from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.parameter import Parameter
from cnnsim.steps.sweep import Sweep

#: What the worked-out cell takes for each of its taps: indices, values, terms, running results.
BYTES_A_TAP = 128

#: The name by which layers read the network's input.
INPUT = "input"


@dataclass(frozen=True)
class Network:
    """Layers with their places. Built by `connect`.

    Attributes:
        input_shape: of one sample.
        batch: samples that run together.
        layers: in file order.
        places: where each layer stands, by name; layers behind a shape error are missing.
        errors: the shape errors found, in order.
    """

    input_shape: Shape
    batch: int
    layers: tuple[Layer, ...]
    places: Mapping[str, Place]
    errors: tuple[ShapeError, ...] = ()
    training: bool = False
    seed: int = 0
    by_name: Mapping[str, Layer] = field(default_factory=dict)

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """The forward sweeps of all layers, in order."""
        return tuple(
            sweep for layer in self.layers for sweep in layer.sweeps(self.places[layer.name])
        )

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Every parameter by its full name, such as ``conv1.w``."""
        return {
            place.tensor(role): parameter
            for layer, place in self._placed()
            for role, parameter in layer.parameters(place.inputs).items()
        }

    @cached_property
    def constants(self) -> dict[str, Parameter]:
        """Tensors that sweeps read and nobody trains, such as dropout masks."""
        return {
            place.tensor(role): constant
            for layer, place in self._placed()
            for role, constant in layer.constants(place).items()
        }

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, batch included where it has one."""
        found: dict[str, tuple[int, ...]] = {INPUT: (self.batch, *self.input_shape)}
        for name, parameter in (*self.parameters.items(), *self.constants.items()):
            found[name] = parameter.shape
        for sweep in self.sweeps:
            found[sweep.writes] = sweep.cells
        return found

    @property
    def bytes_needed(self) -> int:
        """What stepping takes: drawn parameters in float32, everything else in float64, and the
        largest cell worked out.
        """
        parameters = sum(
            p.size * (8 if p.values is not None else 4) for p in self.parameters.values()
        )
        taps = max((sweep.tap_count for sweep in self.sweeps), default=0)
        return (
            parameters
            + BYTES_A_TAP * taps
            + 8
            * (
                self.batch * prod(self.input_shape)
                + sum(constant.size for constant in self.constants.values())
                + sum(sweep.cell_count for sweep in self.sweeps)
            )
        )

    def _placed(self) -> list[tuple[Layer, Place]]:
        return [
            (layer, self.places[layer.name]) for layer in self.layers if layer.name in self.places
        ]


def connect(
    layers: Sequence[Layer],
    input_shape: Shape,
    batch: int = 1,
    training: bool = False,
    seed: int = 0,
) -> Network:
    """Join `layers` to a network. Shape errors are collected, not raised: see `Network.errors`.

    A layer that reads one with a shape error is left out silently; its turn comes once that one
    is mended.
    """
    shapes: dict[str, Shape] = {INPUT: input_shape}
    places: dict[str, Place] = {}
    errors = []
    above = INPUT
    for layer in layers:
        sources = layer.sources or (above,)
        above = layer.name
        if any(source not in shapes for source in sources):
            continue
        inputs = tuple(shapes[source] for source in sources)
        try:
            output = layer.output_shape(inputs)
        except ShapeError as error:
            errors.append(error)
            continue
        shapes[layer.name] = output
        tensors = tuple(INPUT if source == INPUT else f"{source}.y" for source in sources)
        places[layer.name] = Place(layer.name, batch, tensors, inputs, output, training)
    return Network(
        input_shape,
        batch,
        tuple(layers),
        places,
        tuple(errors),
        training,
        seed,
        {layer.name: layer for layer in layers},
    )
