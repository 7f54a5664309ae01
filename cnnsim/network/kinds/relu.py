"""ReLU: negative values become 0."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from cnnsim.network.elementwise import Elementwise
from cnnsim.steps.sweep import Index, either


def relu(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """max(0, x); NaN stays NaN."""
    return np.maximum(values[0], 0.0)


def relu_grad(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """Gradient dy where x > 0, else 0; the slope at 0 is taken as 0, as in PyTorch."""
    dy, x = values
    return either(x > 0, dy, 0.0)


class Relu(Elementwise):
    """y = max(0, x)."""

    type: Literal["relu"]
    term: ClassVar[Any] = staticmethod(relu)
    formula: ClassVar[str] = "max(0, {0})"
    gradient_term: ClassVar[Any] = staticmethod(relu_grad)
    gradient_formula: ClassVar[str] = "{0} if {1} > 0 else 0"
