"""How the functions of this package are compiled: a decorator for each kind, with types.

Every level of calls that is compiled is optimised anew with all that it calls. So there are few
levels: an entry, and kernels that it calls through functions which are spliced into it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.extending import intrinsic

from cnnsim.kernels.jit import cached_njit

F = TypeVar("F", bound=Callable[..., Any])
_njit: Any = njit
_intrinsic: Any = intrinsic

#: Other threads may run meanwhile, and divisions are IEEE 754's.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def entry(function: F) -> F:
    """What Python calls; compiled code is kept."""
    found: F = cached_njit(function, **_OPTIONS)
    return found


def kernel(function: F) -> F:
    """A function that only compiled code calls."""
    found: F = _njit(no_cpython_wrapper=True, **_OPTIONS)(function)
    return found


def inlined(function: F) -> F:
    """A small function that is made part of its callers, once it is compiled."""
    found: F = _njit(no_cpython_wrapper=True, forceinline=True, **_OPTIONS)(function)
    return found


def spliced(function: F) -> F:
    """A function that is made part of its callers before anything is compiled."""
    found: F = _njit(no_cpython_wrapper=True, inline="always", **_OPTIONS)(function)
    return found


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """What LLVM does for us: returns a signature and a function that emits LLVM's code."""
    found: Callable[..., Any] = _intrinsic(function)
    return found


def primitive_of_constants(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same where some arguments are constants, which the signature depends on."""
    found: Callable[..., Any] = _intrinsic(prefer_literal=True)(function)
    return found
