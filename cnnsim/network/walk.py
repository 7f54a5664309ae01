"""The shape walk: what each layer puts out and what it costs, without computing a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from cnnsim.errors import ShapeError
from cnnsim.network.graph import INPUT, Network, connect
from cnnsim.network.layer import Layer, Shape, times
from cnnsim.network.receptive import ReceptiveField, receptive_fields


@dataclass(frozen=True, slots=True)
class Row:
    """A layer's line in the walk; costs of one sample.

    `macs` are forward multiply-adds without bias; `backward_macs` the two gradients' products.
    `activation_bytes` are float32; a layer that can overwrite its input has none.
    """

    name: str
    type: str
    summary: str
    output: Shape
    params: int
    macs: int
    padding_macs: int
    activation_bytes: int
    receptive_field: ReceptiveField | None

    @property
    def backward_macs(self) -> int:
        """The kernel gradient's and the input gradient's multiply-adds."""
        return 2 * self.macs

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of a layer."""
        field = self.receptive_field
        return {
            "kind": "layer",
            "name": self.name,
            "type": self.type,
            "output": list(self.output),
            "params": self.params,
            "macs": self.macs,
            "padding_macs": self.padding_macs,
            "backward_macs": self.backward_macs,
            "activation_bytes": self.activation_bytes,
            "receptive_field": None
            if field is None
            else {"size": list(field.size), "stride": list(field.stride), "pad": list(field.pad)},
        }


@dataclass(frozen=True, slots=True)
class Walk:
    """All rows, and the error that ends them, if any."""

    input_shape: Shape
    rows: tuple[Row, ...]
    error: ShapeError | None = None

    def total(self, what: str) -> int:
        """The sum of a column: ``params``, ``macs``, …"""
        return sum(getattr(row, what) for row in self.rows)

    def total_dict(self) -> dict[str, Any]:
        """The JSON object of the totals."""
        columns = ("params", "macs", "padding_macs", "backward_macs", "activation_bytes")
        return {"kind": "total", **{column: self.total(column) for column in columns}}


def walk(network: Network) -> Walk:
    """Walk `network` up to its first shape error, which says which input sides would fit."""
    fields = receptive_fields(network)
    rows = []
    for layer in network.layers:
        place = network.places.get(layer.name)
        if place is None:
            continue
        macs = sum(sweep.steps for sweep in layer.sweeps(place) if sweep.counts_macs)
        parameters = layer.parameters(place.inputs).values()
        rows.append(
            Row(
                layer.name,
                layer.type,
                layer.summary(),
                place.output,
                sum(parameter.size for parameter in parameters if parameter.counts),
                macs // network.batch,
                layer.padding_macs(place.inputs),
                0 if layer.in_place else 4 * prod(place.output),
                fields[layer.name],
            )
        )
    error = explain(network) if network.errors else None
    return Walk(network.input_shape, tuple(rows), error)


def explain(network: Network) -> ShapeError:
    """The first shape error, with what feeds the layer and which square inputs would fit."""
    error = network.errors[0]
    message = error.bare_message
    came = map_before(network, error.layer)
    if came is not None and error.is_count:
        message += f" ({times(came[1])})"
    hint = error.hint
    fitting = sides_that_fit(network.layers, network.input_shape)
    if fitting:
        size = times(network.input_shape)
        sides = f"side {fitting} fits" if fitting.isdecimal() else f"sides {fitting} fit"
        hint = f"the input is {size}; {sides}" + (f"; or {hint}" if hint else "")
    return ShapeError(error.layer, message, hint, error.is_count)


def map_before(network: Network, name: str) -> tuple[str, Shape] | None:
    """The nearest maps on the way into a layer, and who puts them out."""
    order = [layer.name for layer in network.layers]
    while name != INPUT:
        layer = network.by_name[name]
        number = order.index(name)
        name = layer.sources[0] if layer.sources else order[number - 1] if number else INPUT
        place = network.places.get(name)
        shape = network.input_shape if name == INPUT else place.output if place else None
        if shape is not None and len(shape) == 3:
            return name, shape
    return None


#: Shape rules that may be asked while looking for sides that fit: about a second.
_MOST_RULES = 400_000
#: Sides are looked for up to here.
_MOST_SIDE = 1024


def sides_that_fit(layers: Sequence[Layer], shape: Shape) -> str:
    """Square input sides near that of `shape` for which the network works: ``227 to 258``.

    Empty where there are none, or where the input is flat.
    """
    if len(shape) != 3:
        return ""
    near = shape[1]
    sides = range(1, max(_MOST_SIDE, 2 * min(near, _MOST_SIDE)) + 1)
    affordable = max(32, _MOST_RULES // max(1, len(layers)))
    if affordable < len(sides):
        sides = range(max(1, near - affordable // 2), near + affordable // 2)
    found = [side for side in sides if not connect(layers, (shape[0], side, side)).errors]
    if not found:
        return ""
    runs: list[list[int]] = []
    for side in found:
        if runs and side == runs[-1][1] + 1:
            runs[-1][1] = side
        else:
            runs.append([side, side])
    first, last = min(runs, key=lambda run: min(abs(run[0] - near), abs(run[1] - near)))
    if first == last:
        return str(first)
    return f"{first} and up" if last == sides[-1] else f"{first} to {last}"
