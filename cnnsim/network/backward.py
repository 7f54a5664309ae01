"""The backward pass of a network: every layer's gradient sweeps, last layer first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cnnsim.network.graph import INPUT, Network
from cnnsim.steps.sweep import Index, Read, Sweep


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
            found.append(sum_of(terms, layer.name, place.cells, place.axes))
            terms = [place.tensor("dy")]
        place = replace(place, gradient=terms[0])
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
