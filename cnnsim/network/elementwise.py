"""What the activations share: one output for each input, at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.pointwise import pointwise
from cnnsim.steps.sweep import Sweep


class Elementwise(Layer):
    """y = f(x), value by value. Subclasses say what `term` is, and the gradient's."""

    in_place: ClassVar[bool] = True
    #: The function, as a sweep's term.
    term: ClassVar[Any]
    #: The same for people.
    formula: ClassVar[str]
    #: It calls exp or the like.
    transcendental: ClassVar[bool] = False

    #: The gradient as a term: values are dy and what `gradient_of` names, x or y.
    gradient_term: ClassVar[Any]
    #: The same for people.
    gradient_formula: ClassVar[str]
    #: Whether the gradient follows from the output rather than from the input.
    from_output: ClassVar[bool] = False

    def params(self) -> Any:
        """The constants that `term` needs."""
        return ()

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        return [
            pointwise(
                place,
                "forward",
                "y",
                place.tensors,
                term=type(self).term,
                params=self.params(),
                formula=self.formula,
                transcendental=self.transcendental,
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """One ``input_grad`` sweep of one term a cell: dy times the slope at that place."""
        known = place.tensor("y") if self.from_output else place.tensors[0]
        return [
            pointwise(
                place,
                "input_grad",
                "dx",
                (place.gradient, known),
                term=type(self).gradient_term,
                params=self.params(),
                formula=self.gradient_formula,
            )
        ]
