"""Dropout: nothing in evaluation; in training, values dropped by a mask drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.parameter import Parameter
from cnnsim.network.pointwise import pointwise
from cnnsim.steps.sweep import Sweep, product


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
        return [self._masked(place, "forward", "y", place.tensors[0])]

    def backward(self, place: Place) -> list[Sweep]:
        """What was dropped gets no gradient, what was kept gets it enlarged alike."""
        return [self._masked(place, "input_grad", "dx", place.gradient)]

    def _masked(self, place: Place, name: str, role: str, tensor: str) -> Sweep:
        """`tensor` times the mask; in evaluation as it is."""
        if not place.training:
            return pointwise(place, name, role, (tensor,))
        both = (tensor, place.tensor("mask"))
        return pointwise(place, name, role, both, term=product, formula="{0}·{1}")

    def summary(self) -> str:
        """The rate."""
        return f"{self.rate:g}"
