"""Binary cross-entropy of probabilities: the mean of −(t·log x + (1 − t)·log(1 − x)).

As in PyTorch, logarithms stop at −100 and what a slope is divided by at 10⁻¹², so that a
probability of exactly 0 or 1 stays finite.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from cnnsim.network.layer import Place
from cnnsim.network.loss import (
    Loss,
    Params,
    both_at_tap,
    gradient_of_all,
    mean_of_all,
)
from cnnsim.steps.sweep import Index, Read, Sweep


def cross_entropy(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """−(t·log x + (1 − t)·log(1 − x))."""
    x, t = values
    yes, no = np.maximum(np.log(x), -100.0), np.maximum(np.log(1.0 - x), -100.0)
    return -(t * yes + (1.0 - t) * no)


def slope(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(x − t) / (x·(1 − x)) / count."""
    x, t = values
    return (x - t) / np.maximum(x * (1.0 - x), 1e-12) / p.divisor


class BinaryCrossEntropy(Loss):
    """The mean of −(t·log x + (1 − t)·log(1 − x)), for outputs in 0..1."""

    wants: ClassVar[str] = "0 or 1 for each output"

    type: Literal["binary_cross_entropy"]

    def sweeps(self, place: Place) -> list[Sweep]:
        """One sweep over all outputs."""
        return [
            mean_of_all(
                place,
                reads=(Read(place.tensors[0]), Read(place.tensor("target"))),
                where=both_at_tap,
                term=cross_entropy,
                params=Params(place.count),
                formula="{1}·min(−log({0}), 100) + (1 − {1})·min(−log(1 − {0}), 100)",
                transcendental=True,
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
                formula="({0} − {1}) / max({0}·(1 − {0}), 1e-12) / divisor",
            )
        ]
