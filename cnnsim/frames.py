"""Where Python keeps the frames of calls.

CPython takes memory for them 16 KB at a time, and before gh-142183 (2026) gave a piece back with
the frame that it was taken for. A loop whose calls happen to lie across the edge of a piece has the
system map memory, clear it and unmap it each time round: 60,000 times while LeNet's kernels are
compiled, a tenth of that time. A frame that asks for much gets a piece in which there is room for
all that it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

#: Pointers that a frame asks for: pieces grow by doubling, so about as much is left for others.
_POINTERS = 1 << 17


def with_room(function: F) -> F:
    """Have `function` bring room for the frames of all that it calls; returns it.

    That is a megabyte, of which what is not used is never touched. A generator has its frame
    elsewhere, and brings none.
    """
    code: Any = function
    code.__code__ = code.__code__.replace(co_stacksize=_POINTERS)
    return function
