"""What trains a network: an engine holds its numbers and takes steps of the optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats32 = npt.NDArray[np.float32]
Floats64 = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: How the engine of many models side by side is called, before the kind of GPU.
MODELS = "cuda models"


def is_on_gpu(name: str) -> bool:
    """Whether the engine of that name computes on a GPU."""
    return name.startswith("cuda")


def as_float32(values: Any) -> Floats32:
    """`values` in float32; what that does not hold becomes infinite: the loss tells."""
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32)


class Engine(Protocol):
    """The float32 numbers of one training run. A step is forward, loss, backward, update.

    The same numbers, batches and rates give the same bits, whatever the number of threads.

    Attributes:
        name: for people and for run files, such as ``lanes x16`` or ``general``.
    """

    name: str

    def load(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over parameters and the optimiser's states, by full name (``conv1.w``).

        A state that is missing is zero, as before the first step.
        """

    def tensors(self) -> dict[str, Floats32]:
        """A copy of everything that `load` takes, ``training.step`` included."""

    def train(
        self, inputs: Floats32, targets: npt.NDArray[Any], batches: Integers, rates: Floats64
    ) -> Floats64:
        """Take one step for each row of `batches`; the loss of each, before its update.

        Args:
            inputs: every sample [samples, …]; an array that comes again has not changed since.
            targets: of every sample, class numbers [samples] or values [samples, …].
            batches: the samples of each step [steps, batch]; any batch size.
            rates: the learning rate of each step [steps].
        """

    def outputs(self, inputs: Floats32) -> Floats32:
        """What the last layer says of each sample in evaluation mode [samples, …]."""
