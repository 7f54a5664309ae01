"""Hyperbolic tangent: squeezes every number into −1..1."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from cnnsim.network.elementwise import Elementwise
from cnnsim.steps.sweep import Index


def tanh(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(values[0])


def tanh_grad(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """Gradient dy · (1 − y²)."""
    dy, y = values
    return dy * (1.0 - y * y)


class Tanh(Elementwise):
    """y = tanh(x)."""

    type: Literal["tanh"]
    term: ClassVar[Any] = staticmethod(tanh)
    formula: ClassVar[str] = "tanh({0})"
    gradient_term: ClassVar[Any] = staticmethod(tanh_grad)
    gradient_formula: ClassVar[str] = "{0}·(1 − {1}²)"
    from_output: ClassVar[bool] = True
    transcendental: ClassVar[bool] = True
