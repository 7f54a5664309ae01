"""A convolution's two gradients, with holes where no product is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from strategies import Case, convolutions, generators

from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.stepper.values import Values
from cnnsim.steps.sweep import Sweep

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Gradients:
    """The sweeps of a convolution's gradients, with the tensors that they read."""

    case: Case
    dy: Array
    input: Sweep
    kernel: Sweep
    tensors: dict[str, Array]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the tensors."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


@st.composite
def gradients(draw: st.DrawFn) -> Gradients:
    """A convolution (one group) with an output gradient, and the sweeps of its two gradients."""
    case = draw(convolutions(plane=5).filter(lambda each: each.entry["groups"] == 1))
    entry = {**case.entry, "mode": "cross_correlation", "bias": "none"}
    case = Case(entry, case.x, case.kernel)
    dy = draw(generators()).standard_normal(case.net.places["conv2d"].cells)
    return gradients_of(case, dy)


def gradients_of(case: Case, dy: Array) -> Gradients:
    """The gradients' sweeps of a convolution for the output gradient `dy`."""
    iteration = Iteration(case.net, given={"conv2d": dy})
    leaves = {INPUT: case.x, "conv2d.w": case.kernel, **iteration.given_tensors}
    values = Values(iteration.sweeps, leaves)
    by_name = {sweep.name: sweep for sweep in iteration.sweeps}
    into, onto = by_name["input_grad"], by_name["kernel_grad"]
    tensors = {name: values[name] for name in (*into.tensors, *onto.tensors)}
    return Gradients(case, dy, into, onto, tensors)


def holes() -> Gradients:
    """Of a convolution that leaves pixels out, for an output gradient of negative zeros."""
    case = Case(
        {"type": "conv2d", "kernel": np.ones((1, 1, 2, 2)), "stride": 3, "bias": "none"},
        np.ones((1, 1, 5, 5)),
        np.ones((1, 1, 2, 2)),
    )
    return gradients_of(case, np.full((1, 1, 2, 2), -0.0))
