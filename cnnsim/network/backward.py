"""The backward pass of a network: every layer's gradient sweeps, last layer first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cnnsim.network.graph import INPUT, Network
from cnnsim.steps.sweep import Index, Read, Sweep


def backward_sweeps(network: Network, gradient: str) -> tuple[Sweep, ...]:
    """All gradient sweeps, given the tensor `gradient` with dL/dy of the last layer.

    A layer that several read gets a sweep ``output_grad`` first, the sum of what comes back; one
    that nobody reads has no gradient and is left out.
    """
    arriving: dict[str, list[str]] = {network.layers[-1].name: [gradient]}
    found: list[Sweep] = []
    for layer in reversed(network.layers):
        gradients = arriving.get(layer.name, [])
        if not gradients:
            continue
        place = network.places[layer.name]
        if len(gradients) > 1:
            found.append(sum_of(gradients, layer.name, place.cells, place.axes))
            gradients = [place.tensor("dy")]
        place = replace(place, gradient=gradients[0])
        found += layer.backward(place)
        for tensor, back in zip(place.tensors, layer.input_gradients(place), strict=True):
            name = tensor if tensor == INPUT else tensor.removesuffix(".y")
            arriving.setdefault(name, []).append(back)
    from_input = arriving.get(INPUT, [])
    if len(from_input) > 1:
        cells = (network.batch, *network.input_shape)
        axes = ("n", "c", "y", "x") if len(cells) == 4 else ("n", "i")
        found.append(sum_of(from_input, INPUT, cells, axes))
    return tuple(found)


def sum_of(
    gradients: list[str], layer: str, cells: tuple[int, ...], axes: tuple[str, ...]
) -> Sweep:
    """The sweep that adds up what comes back to a tensor that several layers read."""
    return Sweep(
        layer=layer,
        name="output_grad",
        writes=f"{layer}.dy",
        cells=cells,
        cell_axes=axes,
        reads=tuple(Read(name) for name in gradients),
        where=_each_at_cell(len(gradients)),
        term=_total,
        formula=" + ".join(f"{{{number}}}" for number in range(len(gradients))),
    )


def _each_at_cell(count: int) -> Callable[[Index, Index, Any], tuple[Index, ...]]:
    def where(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
        return (cell,) * count

    return where


def _total(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    result = values[0]
    for other in values[1:]:
        result = result + other
    return result
