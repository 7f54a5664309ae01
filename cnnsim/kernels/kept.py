"""Keeping what Numba compiles, and loading it without what only the compiler needs.

Before it looks into its cache, Numba imports and registers everything that it could compile: that
takes longer than all else between a command and its first epoch. Compiling does the same by itself,
so what was kept is loaded without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

from cnnsim.kernels.cache import prepare_cache

_CAN_CACHE = prepare_cache()


class _QuickCache(FunctionCache):
    """Numba's cache of one function, without the registries of the compiler."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of that signature; None where it was not kept."""
        # Compiled code calls the runtime for its arrays.
        rtsys.initialize(target_context)
        return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def compiled(function: Callable[..., Any], keeps: bool = True, **options: Any) -> Any:
    """What Python calls: compiled by ``njit`` with `options` at the first call, or loaded.

    `keeps` is whether its compiled code may be kept: the digest of the cache knows this package's
    sources only.
    """
    dispatcher: Any = njit(**options)(function)
    if _CAN_CACHE and keeps:
        dispatcher._cache = _QuickCache(function)  # type: ignore[no-untyped-call]
    return dispatcher
