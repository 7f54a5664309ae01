"""Softmax and cross-entropy in one: the mean over the batch of −log p(target).

Four sweeps: ``largest`` and ``total`` of each sample, the probabilities ``p``, the loss. The
logarithm is taken of the total, not of p, which may be 0.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from cnnsim.errors import ShapeError
from cnnsim.network.kinds.softmax import softmax_sweeps
from cnnsim.network.layer import Place, Shape
from cnnsim.network.loss import LOSS, Loss, Params, gradient_of_all, mean_of_all
from cnnsim.steps.sweep import Index, Read, Sweep


def everything(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """Logit and target of a tap, largest and total of its sample."""
    return tap, tap, (tap[0],), (tap[0],)


def surprise(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """T · (log total + (largest − x)), which is −t · log p.

    The difference is taken first: it is exactly 0 for the largest, and a tiny loss stays exact.
    """
    x, t, largest, total = values
    return t * (np.log(total) + (largest - x))


def excess(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(p − target) / samples."""
    return (values[0] - values[1]) / p.divisor


class SoftmaxCrossEntropy(Loss):
    """The mean of −log p(target); `target` is a class number, one for each sample, or shares."""

    wants: ClassVar[str] = "the number of the right class, one for each sample"

    type: Literal["softmax_cross_entropy"]

    def target_values(self, shape: Shape, batch: int) -> npt.NDArray[np.float64]:
        """Class numbers become rows with a single 1; shares stay as they are."""
        if len(shape) != 1:
            raise ShapeError(
                LOSS, f"{self.type} expects a flat output", "put a flatten layer before it"
            )
        if self.target.ndim > 1 or (self.target.ndim == 1 and batch == 1 and self.target.size > 1):
            shares = super().target_values(shape, batch)
            if (shares < 0).any() or not np.allclose(shares.sum(axis=1), 1.0, rtol=0, atol=1e-9):
                raise ShapeError(LOSS, "the shares of its target should add up to 1")
            return shares
        classes = np.broadcast_to(self.target, (batch,)) if self.target.ndim == 0 else self.target
        if classes.shape != (batch,):
            raise ShapeError(LOSS, f"its target has {classes.size} classes for {batch} samples")
        if (classes != np.floor(classes)).any() or not (
            (classes >= 0) & (classes < shape[0])
        ).all():
            raise ShapeError(LOSS, f"its target should hold classes from 0 to {shape[0] - 1}")
        return np.eye(shape[0])[classes.astype(np.int64)]

    def sweeps(self, place: Place) -> list[Sweep]:
        """``largest`` and ``total`` of each sample, ``p`` of each class, ``forward``: the loss."""
        x = Read(place.tensors[0])
        largest, total = Read(place.tensor("largest")), Read(place.tensor("total"))
        return [
            *softmax_sweeps(place, "p", "p"),
            mean_of_all(
                place,
                reads=(x, Read(place.tensor("target")), largest, total),
                where=everything,
                term=surprise,
                params=Params(place.batch),
                formula="{1}·(log({3}) + ({2} − {0}))",
                transcendental=True,
            ),
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """One term an output: what the probability has too much."""
        return [
            gradient_of_all(
                place,
                place.tensor("p"),
                term=excess,
                params=Params(place.batch),
                formula="({0} − {1}) / divisor",
            )
        ]
