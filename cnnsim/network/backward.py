"""The backward pass of a network: every layer's gradient sweeps, last layer first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cnnsim.network.axes import Axes, input_axes
from cnnsim.network.graph import INPUT, Network
from cnnsim.network.pointwise import sum_of
from cnnsim.steps.sweep import Sweep


def backward_sweeps(network: Network, gradients: Mapping[str, str]) -> tuple[Sweep, ...]:
    """All gradient sweeps; `gradients` names the tensor with dL/dy of each layer where L begins.

    A layer that several read gets a sweep ``output_grad`` first, the sum of what comes back; one
    from which no way leads to L has no gradient and is left out.
    """
    arriving: dict[str, list[str]] = {layer: [tensor] for layer, tensor in gradients.items()}
    found: list[Sweep] = []
    for layer in reversed(network.layers):
        terms = arriving.get(layer.name, [])
        if not terms:
            continue
        place = network.places[layer.name]
        if len(terms) > 1:
            found.append(_arrived(terms, layer.name, place.cells, place.axes))
            terms = [place.tensor("dy")]
        place = replace(place, gradient=terms[0])
        found += layer.backward(place)
        for tensor, back in zip(place.tensors, layer.input_gradients(place), strict=True):
            name = tensor if tensor == INPUT else tensor.removesuffix(".y")
            arriving.setdefault(name, []).append(back)
    from_input = arriving.get(INPUT, [])
    if len(from_input) > 1:
        shape = network.input_shape
        found.append(_arrived(from_input, INPUT, (network.batch, *shape), input_axes(shape)))
    return tuple(found)


def _arrived(gradients: list[str], layer: str, cells: tuple[int, ...], axes: Axes) -> Sweep:
    """The sweep that adds up what comes back to a tensor that several layers read."""
    return sum_of(
        gradients,
        layer=layer,
        name="output_grad",
        writes=f"{layer}.dy",
        cells=cells,
        cell_axes=axes,
    )
