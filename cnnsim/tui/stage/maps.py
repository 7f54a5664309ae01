"""The maps that a layer puts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Maps:
    """A layer's output [c,h,w] or [features]; None while it is not computed, and why."""

    name: str
    values: npt.NDArray[Any] | None
    why: str = ""
    #: The map at work, which is in sight.
    now: int | None = None
