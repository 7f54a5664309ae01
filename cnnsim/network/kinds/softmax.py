"""Softmax over the features (or, for maps, over the channels): e^x / Σ e^x.

The largest value is taken away first, so that no exponential overflows; hence three sweeps:
``largest``, ``total``, ``forward``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from cnnsim.network.axes import output_axes, place_axes
from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.window import Window
from cnnsim.steps.sweep import ADD, LARGER, Index, Read, Sweep, product


def across(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The value of class ``tap`` at the cell's place."""
    return ((cell[0], *tap, *cell[1:]),)


def across_and_largest(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The same, and the largest of its place."""
    return (cell[0], *tap, *cell[1:]), cell


def here(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """The value of the cell, the largest and the total of its place."""
    place = (cell[0], *cell[2:])
    return cell, place, place


def exponential(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """e^(x − largest)."""
    return np.exp(values[0] - values[1])


def share(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """e^(x − largest) / total."""
    return np.exp(values[0] - values[1]) / values[2]


def across_both(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """Gradient and probability of class ``tap`` at the cell's place."""
    at = (cell[0], *tap, *cell[1:])
    return at, at


def here_and_dot(cell: Index, tap: Index, p: Any) -> tuple[Index, ...]:
    """Gradient and probability of the cell, and the dot product of its place."""
    return cell, cell, (cell[0], *cell[2:])


def softmax_grad(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """Gradient y · (dy − Σ dy·y)."""
    dy, y, dot = values
    return y * (dy - dot)


def softmax_sweeps(place: Place, name: str, role: str) -> list[Sweep]:
    """``largest`` and ``total``: cell [n] or [n,y,x], tap [o]; then `name`, a term a cell, which
    fills ``place.tensor(role)``.
    """
    x = Read(place.tensors[0])
    largest, total = Read(place.tensor("largest")), Read(place.tensor("total"))
    shape = place.inputs[0]
    over_classes: dict[str, Any] = {
        "layer": place.name,
        "cells": (place.batch, *shape[1:]),
        "cell_axes": place_axes(shape),
        "taps": shape[:1],
        "tap_axes": ("o",),
    }
    return [
        Sweep(
            name="largest",
            writes=largest.tensor,
            reads=(x,),
            where=across,
            fold=LARGER,
            start=-np.inf,
            **over_classes,
        ),
        Sweep(
            name="total",
            writes=total.tensor,
            reads=(x, largest),
            where=across_and_largest,
            term=exponential,
            fold=ADD,
            formula="exp({0} − {1})",
            transcendental=True,
            **over_classes,
        ),
        Sweep(
            layer=place.name,
            name=name,
            writes=place.tensor(role),
            cells=(place.batch, *shape),
            cell_axes=output_axes(shape),
            reads=(x, largest, total),
            where=here,
            term=share,
            formula="exp({0} − {1}) / {2}",
            transcendental=True,
        ),
    ]


class Softmax(Layer):
    """Probabilities that add up to 1."""

    type: Literal["softmax"]

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def field(self, inputs: Sequence[Shape]) -> Window | None:
        """A flat softmax sees everything; over maps, its own pixel."""
        return None if len(inputs[0]) == 1 else super().field(inputs)

    def sweeps(self, place: Place) -> list[Sweep]:
        """``largest``, ``total`` and ``forward``."""
        return softmax_sweeps(place, "forward", "y")

    def backward(self, place: Place) -> list[Sweep]:
        """``dot``: Σ dy·y over the classes; ``input_grad``: a term a cell."""
        dy, y = Read(place.gradient), Read(place.tensor("y"))
        dot = Read(place.tensor("dot"))
        shape = place.inputs[0]
        return [
            Sweep(
                layer=place.name,
                name="dot",
                writes=dot.tensor,
                cells=(place.batch, *shape[1:]),
                cell_axes=place_axes(shape),
                taps=shape[:1],
                tap_axes=("o",),
                reads=(dy, y),
                where=across_both,
                term=product,
                fold=ADD,
                formula="{0}·{1}",
            ),
            Sweep(
                layer=place.name,
                name="input_grad",
                writes=place.tensor("dx"),
                cells=place.cells,
                cell_axes=place.axes,
                reads=(dy, y, dot),
                where=here_and_dot,
                term=softmax_grad,
                formula="{1}·({0} − {2})",
            ),
        ]
