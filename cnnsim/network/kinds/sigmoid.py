"""Sigmoid: squeezes every number into 0..1."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from cnnsim.network.elementwise import Elementwise
from cnnsim.steps.sweep import Index


def sigmoid(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """1 / (1 + e^−x); e^−x may overflow to infinity, which gives 0."""
    return 1.0 / (1.0 + np.exp(-values[0]))


def sigmoid_grad(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """Gradient dy · y · (1 − y)."""
    dy, y = values
    return dy * y * (1.0 - y)


class Sigmoid(Elementwise):
    """y = 1 / (1 + e^−x)."""

    type: Literal["sigmoid"]
    term: ClassVar[Any] = staticmethod(sigmoid)
    formula: ClassVar[str] = "1/(1 + exp(−{0}))"
    gradient_term: ClassVar[Any] = staticmethod(sigmoid_grad)
    gradient_formula: ClassVar[str] = "{0}·{1}·(1 − {1})"
    from_output: ClassVar[bool] = True
    transcendental: ClassVar[bool] = True
