"""Many functions for kernels become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def halved(parts: Sequence[T], join: Callable[[T, T], T]) -> T:
    """All `parts`, in order, where `join` makes one of two; there is at least one.

    They are joined in halves of halves, for the compiler's recursion is as deep as calls are.
    """
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(halved(parts[:half], join), halved(parts[half:], join))
