"""How the functions of this package are compiled: a decorator for each kind, with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba.extending import intrinsic

from cnnsim.kernels.jit import part

F = TypeVar("F", bound=Callable[..., Any])
_intrinsic: Any = intrinsic


#: A function that only compiled code calls.
kernel = part


def inlined(function: F) -> F:
    """A function that becomes a piece of its callers: small, or called in one place."""
    return part(function, forceinline=True)


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """What LLVM does for us: returns a signature and a function that emits LLVM's code."""
    found: Callable[..., Any] = _intrinsic(function)
    return found


def primitive_of_constants(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same where some arguments are constants, which the signature depends on."""
    found: Callable[..., Any] = _intrinsic(prefer_literal=True)(function)
    return found
