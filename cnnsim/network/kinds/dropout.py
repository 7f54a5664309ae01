"""Dropout: nothing in evaluation; in training, values dropped by a mask drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from cnnsim.network.elementwise import same_place
from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.parameter import Parameter
from cnnsim.steps.sweep import Index, Read, Sweep, product, value


def both(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The input and the mask at the cell's own index."""
    return cell, cell


class Dropout(Layer):
    """y = x in evaluation; in training x · mask, the mask being 0 or 1/(1 − rate)."""

    in_place: ClassVar[bool] = True

    type: Literal["dropout"]
    rate: Annotated[float, Field(ge=0, lt=1)] = 0.5

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def constants(self, place: Place) -> dict[str, Parameter]:
        """The mask of the whole batch, in training."""
        if not place.training:
            return {}
        mask = Parameter(place.cells, init="mask", counts=False, trained=False, rate=self.rate)
        return {"mask": mask}

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        source = Read(place.tensors[0])
        mask = Read(place.tensor("mask"))
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                reads=(source, mask) if place.training else (source,),
                where=both if place.training else same_place,
                term=product if place.training else value,
                formula="{0}·{1}" if place.training else "{0}",
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """What was dropped gets no gradient, what was kept gets it enlarged alike."""
        gradient, mask = Read(place.gradient), Read(place.tensor("mask"))
        return [
            Sweep(
                layer=place.name,
                name="input_grad",
                writes=place.tensor("dx"),
                cells=place.cells,
                cell_axes=place.axes,
                reads=(gradient, mask) if place.training else (gradient,),
                where=both if place.training else same_place,
                term=product if place.training else value,
                formula="{0}·{1}" if place.training else "{0}",
            )
        ]

    def summary(self) -> str:
        """The rate."""
        return f"{self.rate:g}"
