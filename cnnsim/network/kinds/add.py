"""Add: the sum of two or more tensors of one shape, as in a residual connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from cnnsim.errors import ShapeError
from cnnsim.network.elementwise import same_place
from cnnsim.network.layer import Layer, Place, Shape, times
from cnnsim.steps.sweep import Index, Read, Sweep


def two(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """Both inputs at the cell's own index."""
    return cell, cell


def three(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """All three inputs at the cell's own index."""
    return cell, cell, cell


def four(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """All four inputs at the cell's own index."""
    return cell, cell, cell, cell


def total(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The sum, from left to right."""
    result = values[0]
    for other in values[1:]:
        result = result + other
    return result


class Add(Layer):
    """y = x₁ + x₂ + …, value by value."""

    arity: ClassVar[tuple[int, int]] = (2, 4)

    type: Literal["add"]

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape that all inputs share."""
        if len(set(inputs)) > 1:
            raise ShapeError(
                self.name,
                "add expects inputs of one shape and gets " + " and ".join(map(times, inputs)),
            )
        return inputs[0]

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        count = len(place.tensors)
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                reads=tuple(Read(name) for name in place.tensors),
                where={2: two, 3: three, 4: four}[count],
                term=total,
                formula=" + ".join(f"{{{number}}}" for number in range(count)),
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """Each input gets the gradient as it is: ``input_grad0``, ``input_grad1``, …"""
        return [
            Sweep(
                layer=place.name,
                name=f"input_grad{number}",
                writes=tensor,
                cells=place.cells,
                cell_axes=place.axes,
                reads=(Read(place.gradient),),
                where=same_place,
            )
            for number, tensor in enumerate(self.input_gradients(place))
        ]
