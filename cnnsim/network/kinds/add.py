"""Add: the sum of two or more tensors of one shape, as in a residual connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from cnnsim.errors import ShapeError
from cnnsim.network.layer import Layer, Place, Shape, times
from cnnsim.network.pointwise import pointwise, sum_of
from cnnsim.steps.sweep import Sweep


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
        return [
            sum_of(
                place.tensors,
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """Each input gets the gradient as it is: ``input_grad0``, ``input_grad1``, …"""
        return [
            pointwise(place, f"input_grad{number}", f"dx{number}", (place.gradient,))
            for number in range(len(place.tensors))
        ]
