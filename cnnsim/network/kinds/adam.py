"""Adam: steps of even size, from running means of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from cnnsim.network.optimizer import COUNTER, Array, Optimizer, Slot, update_sweep
from cnnsim.steps.sweep import Index, Sweep


class Params(NamedTuple):
    """The numbers of the update."""

    rate: float
    beta_one: float
    beta_two: float
    epsilon: float
    weight_decay: float


def moment(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """β₁ · m + (1 − β₁) · g, with g = dw + weight_decay · w."""
    m, dw, w = values
    return p.beta_one * m + (1.0 - p.beta_one) * (dw + p.weight_decay * w)


def square(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """β₂ · v + (1 − β₂) · g²."""
    v, dw, w = values
    g = dw + p.weight_decay * w
    return p.beta_two * v + (1.0 - p.beta_two) * (g * g)


def step(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """W − rate · m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ)."""
    w, m, v, t = values
    root = np.sqrt(v) / np.sqrt(1.0 - p.beta_two**t) + p.epsilon
    return w - p.rate / (1.0 - p.beta_one**t) * m / root


class Adam(Optimizer):
    """Adam with PyTorch's defaults."""

    states: ClassVar[tuple[str, ...]] = ("moment", "square")

    optimizer: Literal["adam"]
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.001
    beta_one: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta_two: Annotated[float, Field(ge=0, lt=1)] = 0.999
    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-8

    def sweeps(self, slot: Slot) -> list[Sweep]:
        """``moment_w``, ``square_w``, ``update_w``."""
        params = Params(self.rate, self.beta_one, self.beta_two, self.epsilon, self.weight_decay)
        w, dw = slot.name, slot.gradient
        old_m, old_v = slot.state("moment"), slot.state("square")
        m, v = f"{old_m}_next", f"{old_v}_next"
        g = "({1} + weight_decay·{2})" if self.weight_decay else "{1}"
        return [
            update_sweep(
                slot, "moment", m, (old_m, dw, w), term=moment, params=params,
                formula=f"beta_one·{{0}} + (1 − beta_one)·{g}",
            ),
            update_sweep(
                slot, "square", v, (old_v, dw, w), term=square, params=params,
                formula=f"beta_two·{{0}} + (1 − beta_two)·{g}²",
            ),
            update_sweep(
                slot, "update", slot.updated, (w, m, v, COUNTER), term=step, params=params,
                transcendental=True,
                formula="{0} − rate/(1 − beta_one^{3})·{1} / (√({2}/(1 − beta_two^{3})) + ε)",
            ),
        ]  # fmt: skip

    def gradient_of(
        self, before: Mapping[str, Array], after: Mapping[str, Array], rate: float
    ) -> Array | None:
        """From the running mean of the gradients."""
        fresh = after["moment"] - self.beta_one * before["moment"]
        return fresh / (1.0 - self.beta_one) - self.weight_decay * before["w"]
