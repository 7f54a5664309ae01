"""Mean squared error: the mean of (x − target)² over all outputs."""

from __future__ import annotations

from typing import Any, Literal

from cnnsim.network.layer import Place
from cnnsim.network.loss import (
    Loss,
    Params,
    both_at_tap,
    gradient_of_all,
    mean_of_all,
)
from cnnsim.steps.sweep import Index, Read, Sweep


def squared(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(x − target)²."""
    return (values[0] - values[1]) * (values[0] - values[1])


def slope(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """2 · (x − target) / count."""
    return 2.0 * (values[0] - values[1]) / p.divisor


class MeanSquaredError(Loss):
    """The mean of (x − target)²."""

    type: Literal["mean_squared_error"]

    def sweeps(self, place: Place) -> list[Sweep]:
        """One sweep over all outputs."""
        return [
            mean_of_all(
                place,
                reads=(Read(place.tensors[0]), Read(place.tensor("target"))),
                where=both_at_tap,
                term=squared,
                params=Params(place.count),
                formula="({0} − {1})²",
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """One term an output."""
        return [
            gradient_of_all(
                place,
                place.tensors[0],
                term=slope,
                params=Params(place.count),
                formula="2·({0} − {1}) / divisor",
            )
        ]
