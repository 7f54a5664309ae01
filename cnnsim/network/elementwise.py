"""What the activations share: one output for each input, at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.steps.sweep import Index, Read, Sweep


def same_place(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The input at the cell's own index."""
    return (cell,)


class Elementwise(Layer):
    """y = f(x), value by value. Subclasses say what `term` and `formula` are."""

    in_place: ClassVar[bool] = True
    #: The function, as a sweep's term.
    term: ClassVar[Any]
    #: The same for people.
    formula: ClassVar[str]
    #: It calls exp or the like.
    transcendental: ClassVar[bool] = False

    def params(self) -> Any:
        """The constants that `term` needs."""
        return ()

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        return [
            Sweep(
                layer=place.name,
                name="forward",
                writes=place.tensor("y"),
                cells=place.cells,
                cell_axes=place.axes,
                reads=(Read(place.tensors[0]),),
                where=same_place,
                term=type(self).term,
                params=self.params(),
                formula=self.formula,
                transcendental=self.transcendental,
            )
        ]
