"""ReLU: negative values become 0."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from cnnsim.network.elementwise import Elementwise
from cnnsim.steps.sweep import Index


def relu(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """max(0, x); NaN stays NaN."""
    return np.maximum(values[0], 0.0)


class Relu(Elementwise):
    """y = max(0, x)."""

    type: Literal["relu"]
    term: ClassVar[Any] = staticmethod(relu)
    formula: ClassVar[str] = "max(0, {0})"
