"""How good a network's answers are: loss, accuracy, what is taken for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.network.layer import Place
from cnnsim.network.loss import LOSS, Loss
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.samples import Classes

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Measure:
    """What was found for some labelled pictures.

    Attributes:
        loss: the mean over all of them.
        guesses: the class that each was taken for.
        classes: the right ones.
    """

    loss: float
    guesses: Classes
    classes: Classes

    @property
    def right(self) -> int:
        """How many were recognised."""
        return int((self.guesses == self.classes).sum())

    @property
    def accuracy(self) -> float:
        """Their share, 0 to 1."""
        return self.right / len(self.classes)

    def confusion(self, count: int) -> npt.NDArray[np.int64]:
        """How often class [row] was taken for class [column]."""
        found = np.zeros((count, count), np.int64)
        np.add.at(found, (self.classes, self.guesses), 1)
        return found


def measure(scenario: Scenario, outputs: Array, classes: Classes) -> Measure:
    """Judge the `outputs` [samples, outputs] of the last layer."""
    assert scenario.iteration.loss is not None, "checked when the scenario was read"
    loss = mean_loss(scenario.iteration.loss, outputs, classes)
    return Measure(loss, guesses(outputs), classes)


def guesses(outputs: Array) -> Classes:
    """The class of each answer: its largest output, or which side of ½ a single output is on."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    largest: Classes = outputs.argmax(axis=1).astype(np.int64)
    return largest


def shares(scenario: Scenario, outputs: Array) -> Array:
    """How sure each answer is, by class [samples, classes]; rows add up to 1.

    A loss that takes the softmax itself gets raw outputs; others get shares of some kind already.
    """
    values = outputs.astype(np.float64)
    if values.shape[1] == 1:
        # What was trained with squared errors may be beyond either class.
        values = np.clip(values, 0.0, 1.0)
        return np.concatenate([1 - values, values], axis=1)
    loss = scenario.iteration.loss
    if loss is not None and loss.type == "softmax_cross_entropy":
        values = np.exp(values - values.max(axis=1, keepdims=True))
    values = np.maximum(values, 0)
    total = values.sum(axis=1, keepdims=True)
    found: Array = np.where(total > 0, values / np.where(total > 0, total, 1), 1 / values.shape[1])
    return found


def mean_loss(loss: Loss, outputs: Array, classes: Array) -> float:
    """The loss of `outputs` by the loss's own sweeps, in float64."""
    count, *shape = outputs.shape
    place = Place(LOSS, count, ("outputs",), (tuple(shape),), ())
    tensors = {
        "outputs": outputs.astype(np.float64),
        place.tensor("target"): loss.rows(classes, tuple(shape)),
    }
    for sweep in loss.sweeps(place):
        tensors[sweep.writes] = fill_vectorised(sweep, tensors)
    return float(tensors[LOSS])
