"""Pictures and targets as compiled code takes them: plain arrays in one order, and checked."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.engine import Floats32, Integers
from cnnsim.kernels.lanes.codes import SOFTMAX_CROSS_ENTROPY


def rows_of(inputs: Floats32, size: int) -> Floats32:
    """Samples [samples, …] as rows of `size` numbers. Raises ValueError if they have others."""
    rows = np.ascontiguousarray(inputs, np.float32)
    rows = rows.reshape(len(inputs), prod(inputs.shape[1:]))
    if rows.shape[1] != size:
        raise ValueError(f"samples should be {size} numbers each, not {rows.shape[1]}")
    return rows


def targets_of(targets: npt.NDArray[Any], outputs: int, loss: int) -> tuple[Integers, Floats32]:
    """Class numbers [samples], or values [samples, outputs], as `loss` takes; the other is empty.

    Raises ValueError where they do not fit `outputs` numbers.
    """
    no_classes, no_values = np.empty(0, np.int64), np.empty((0, outputs), np.float32)
    if targets.ndim == 1 and (outputs > 1 or loss == SOFTMAX_CROSS_ENTROPY):
        classes = np.ascontiguousarray(targets, np.int64).view()
        if classes.size and not 0 <= classes.min() <= classes.max() < outputs:
            raise ValueError(f"targets should be classes from 0 to {outputs - 1}")
        if loss == SOFTMAX_CROSS_ENTROPY:
            return classes, no_values
        targets = np.eye(outputs)[classes]
    values = np.ascontiguousarray(targets, np.float32)
    values = values.reshape(len(values), prod(values.shape[1:]))
    if values.shape[1] != outputs:
        raise ValueError(f"targets should be {outputs} numbers for each sample")
    return no_classes, values
