"""Flatten: maps laid out as one row of features, channel by channel, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal

from cnnsim.network.kinds.reshape import rearrange, rearrange_back
from cnnsim.network.layer import Layer, Place, Shape, Why, times
from cnnsim.network.window import Window
from cnnsim.steps.sweep import Sweep


class Flatten(Layer):
    """[c,h,w] to [c·h·w]."""

    type: Literal["flatten"]

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """(c·h·w,)."""
        return (prod(inputs[0]),)

    def sweeps(self, place: Place) -> list[Sweep]:
        """One forward sweep of one term a cell."""
        return [rearrange(place)]

    def backward(self, place: Place) -> list[Sweep]:
        """The same copy the other way."""
        return [rearrange_back(place)]

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """The plane is gone."""
        return None

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """The product of the sides."""
        return [Why("size", times(inputs[0]).replace("x", "·"), f"{prod(inputs[0]):,}")]
