"""Reshape: the same numbers in the same order under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar, Literal, NamedTuple

from cnnsim.errors import ShapeError
from cnnsim.network.axes import output_axes
from cnnsim.network.fields import SampleShape
from cnnsim.network.layer import Layer, Place, Shape, times
from cnnsim.network.window import Window
from cnnsim.steps.sweep import Index, Read, Sweep


class Params(NamedTuple):
    """Rows and columns of the planes on both sides; 1 where the side is flat."""

    in_h: int
    in_w: int
    out_h: int
    out_w: int


def number_of_map(cell: Index, p: Params) -> Any:
    """A map cell's place in row-major order."""
    return (cell[1] * p.out_h + cell[2]) * p.out_w + cell[3]


def map_to_map(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """From maps to maps."""
    number = number_of_map(cell, p)
    plane = p.in_h * p.in_w
    return ((cell[0], number // plane, number // p.in_w % p.in_h, number % p.in_w),)


def map_to_flat(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """From maps to features."""
    number = cell[1]
    plane = p.in_h * p.in_w
    return ((cell[0], number // plane, number // p.in_w % p.in_h, number % p.in_w),)


def flat_to_map(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """From features to maps."""
    return ((cell[0], number_of_map(cell, p)),)


def flat_to_flat(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """From features to features."""
    return (cell,)


def rearrange(place: Place) -> Sweep:
    """The sweep that copies the input, in order, to the output's shape."""
    return _copy(
        place, "forward", place.tensor("y"), place.tensors[0], place.inputs[0], place.output
    )


def rearrange_back(place: Place) -> Sweep:
    """The sweep that copies the output's gradient, in order, to the input's shape."""
    target = place.inputs[0]
    return _copy(place, "input_grad", place.tensor("dx"), place.gradient, place.output, target)


def _copy(place: Place, name: str, writes: str, reads: str, source: Shape, target: Shape) -> Sweep:
    rules = {(3, 3): map_to_map, (3, 1): map_to_flat, (1, 3): flat_to_map, (1, 1): flat_to_flat}
    in_h, in_w = source[1:] or (1, 1)
    out_h, out_w = target[1:] or (1, 1)
    return Sweep(
        layer=place.name,
        name=name,
        writes=writes,
        cells=(place.batch, *target),
        cell_axes=output_axes(target),
        reads=(Read(reads),),
        where=rules[len(source), len(target)],
        params=Params(in_h, in_w, out_h, out_w),
    )


class Reshape(Layer):
    """The same numbers as [features] or [channels, height, width]."""

    adjustable: ClassVar[tuple[str, ...]] = ()

    type: Literal["reshape"]
    shape: SampleShape

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """`shape`, which must hold as many numbers."""
        if prod(self.shape) != prod(inputs[0]):
            raise ShapeError(
                self.name,
                f"{times(self.shape)} holds {prod(self.shape):,} numbers and the input "
                f"{times(inputs[0])} has {prod(inputs[0]):,}",
            )
        return self.shape

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        return [rearrange(place)]

    def backward(self, place: Place) -> list[Sweep]:
        """The same copy the other way."""
        return [rearrange_back(place)]

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """Rows and columns mean something else now."""
        return None

    def summary(self) -> str:
        """The new shape."""
        return times(self.shape)
