"""The names of coordinates, by what a tensor is and how many axes it has."""

from __future__ import annotations

from collections.abc import Sequence

Axes = tuple[str, ...]


def output_axes(sample: Sequence[int]) -> Axes:
    """Of what a layer puts out, given the shape of one sample."""
    return ("n", "o", "y", "x") if len(sample) == 3 else ("n", "o")


def input_axes(sample: Sequence[int]) -> Axes:
    """Of what a layer reads, and of the gradient that it sends back."""
    return ("n", "c", "y", "x") if len(sample) == 3 else ("n", "i")


def place_axes(sample: Sequence[int]) -> Axes:
    """Of what a layer has once for all channels of a place, or of a flat sample."""
    return ("n", "y", "x") if len(sample) == 3 else ("n",)


def parameter_axes(shape: Sequence[int]) -> Axes:
    """Of a weight, a bias or a kernel, given its whole shape."""
    names = {1: ("o",), 2: ("o", "i"), 3: ("o", "y", "x"), 4: ("o", "c", "i", "j")}
    return names[len(shape)]
