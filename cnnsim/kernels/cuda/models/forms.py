"""A model between the network's own tensors and its row of the arena."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.cuda.models.operations import Convolution, Dense
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.engine import Floats32, as_float32
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import COUNTER

Tensors = Mapping[str, npt.NDArray[Any]]


class Forms:
    """Knows the names and shapes of a network, and where `plan` has them."""

    def __init__(self, iteration: Iteration, plan: Plan) -> None:
        assert iteration.optimizer is not None
        self._plan = plan
        self._shapes = {name: p.shape for name, p in iteration.network.parameters.items()}
        self._states = iteration.optimizer.states[: plan.copies]
        self._kept = set(iteration.states)

    def row(self, tensors: Tensors) -> Floats32:
        """The floats of a model [plan.model]; states that are missing are zero."""
        found = np.zeros(self._plan.model, np.float32)
        for op, copy, names in self._places():
            w, b = (
                as_float32(tensors[name]).reshape(self._shapes[name.rpartition("_")[0]
                           if copy else name])
                if name in tensors else None
                for name in names
            )  # fmt: skip
            begin = copy * self._plan.parameters + op.weights
            if w is not None:
                found[begin : begin + op.biases] = _flat(op, w)
            if b is not None:
                found[begin + op.biases : begin + op.biases + b.size] = b
        return found

    def tensors(self, row: Floats32, updates: int) -> dict[str, Floats32]:
        """A copy of everything that `row` takes; ``training.step`` counts `updates`."""
        found: dict[str, Floats32] = {}
        for op, copy, (w, b) in self._places():
            begin = copy * self._plan.parameters + op.weights
            if copy == 0 or w in self._kept:
                found[w] = _shaped(op, row[begin : begin + op.biases])
            if op.has_bias and (copy == 0 or b in self._kept):
                size = op.maps if isinstance(op, Convolution) else op.units
                found[b] = row[begin + op.biases : begin + op.biases + size].copy()
        found[COUNTER] = np.array([updates], np.float32)
        return found

    def _places(self) -> Iterator[tuple[Convolution | Dense, int, tuple[str, str]]]:
        """Every operation, copy by copy, with the names of its weights and biases there."""
        for op in self._plan.operations:
            for copy, ending in enumerate(("", *(f"_{state}" for state in self._states))):
                yield op, copy, (f"{op.layer}.w{ending}", f"{op.layer}.b{ending}")


def _flat(op: Convolution | Dense, w: Floats32) -> Floats32:
    """The weights as a model has them."""
    if isinstance(op, Convolution):
        kernel = w[:, :, ::-1, ::-1] if op.turned else w
        return kernel.transpose(1, 2, 3, 0).ravel()
    found = np.zeros((op.features, op.line), np.float32)
    found[:, : op.units] = w.T
    return found.ravel()


def _shaped(op: Convolution | Dense, flat: Floats32) -> Floats32:
    """The weights as the network has them."""
    if isinstance(op, Convolution):
        kernel = flat.reshape(op.channels, op.kernel_h, op.kernel_w, op.maps).transpose(3, 0, 1, 2)
        return np.ascontiguousarray(kernel[:, :, ::-1, ::-1] if op.turned else kernel)
    return np.ascontiguousarray(flat.reshape(op.features, op.line)[:, : op.units].T)
