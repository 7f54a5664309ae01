"""Mean squared error: the mean of (x − target)² over all outputs."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from cnnsim.network.layer import Place
from cnnsim.network.loss import Loss, gradient_of_all, mean_of_all
from cnnsim.steps.sweep import ADD, Index, Read, Sweep


class Params(NamedTuple):
    """How many outputs the batch has."""

    values: int


def both_at_tap(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """Output and target of a tap."""
    return tap, tap


def both_at_cell(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """Output and target of the cell."""
    return cell, cell


def squared(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(x − target)²."""
    return (values[0] - values[1]) * (values[0] - values[1])


def slope(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """2 · (x − target) / count."""
    return 2.0 * (values[0] - values[1]) / p.values


def divide(total: Any, cell: Index, p: Params) -> Any:
    """Divide by the number of outputs."""
    return total / p.values


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
                fold=ADD,
                finish=divide,
                params=Params(place.count),
                formula="({0} − {1})²",
                finish_formula="{0} / {count}",
            )
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """One term an output."""
        return [
            gradient_of_all(
                place,
                reads=(Read(place.tensors[0]), Read(place.tensor("target"))),
                where=both_at_cell,
                term=slope,
                params=Params(place.count),
                formula="2·({0} − {1}) / values",
            )
        ]
