"""One of many models by itself: it goes on bit for bit as it began beside others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.cuda.models.engine import ModelsEngine
from cnnsim.kernels.engine import Floats32, Floats64, Integers
from cnnsim.kernels.fill import Report
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import COUNTER


class ModelAlone:
    """An `Engine` of a single model, for looking at what happened to it."""

    def __init__(self, iteration: Iteration, report: Report) -> None:
        self._engine = ModelsEngine(iteration, 1, report)
        self._given: npt.NDArray[Any] | None = None
        self.name = self._engine.name
        self._loss = iteration.loss
        network = iteration.network
        self._output = network.places[network.layers[-1].name].output

    def load(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over parameters and states; those that are missing become zero."""
        updates = int(np.asarray(tensors.get(COUNTER, 0)).ravel()[0])
        self._engine.load([tensors], updates)

    def tensors(self) -> dict[str, Floats32]:
        """A copy of everything that `load` takes."""
        return self._engine.tensors(0)

    def train(
        self, inputs: Floats32, targets: npt.NDArray[Any], batches: Integers, rates: Floats64
    ) -> Floats64:
        """Take one step for each row of `batches`; the loss of each, before its update."""
        if self._given is not inputs:
            # The same array has the same pictures: it is brought to the GPU once.
            self._engine.give("train", inputs, self._rows(targets))
            self._given = inputs
        sizes = np.full(len(batches), batches.shape[1])
        losses: Floats64 = self._engine.train(batches[None], sizes, rates[None])()[0]
        return losses

    def outputs(self, inputs: Floats32) -> Floats32:
        """What the last layer says of each sample in evaluation mode."""
        self._engine.give("test", inputs, np.zeros((len(inputs), *self._output)))
        answers: Floats32 = self._engine.test()[0][0]
        return answers.reshape(len(inputs), *self._output)

    def _rows(self, targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
        assert self._loss is not None, "nothing is trained without a loss"
        return self._loss.rows(targets, self._output)
