"""Compiled functions that Python calls: kept on disk, and loaded without what only compiling needs.

Before it looks into its cache, Numba imports and registers everything that it could compile: a
tenth of a second, of the half that a command takes to its first epoch. Compiling does the same by
itself, so what was kept is loaded without.
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
        with self._guard_against_spurious_io_errors():
            # Compiled code calls the runtime for its arrays.
            rtsys.initialize(target_context)
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def cached_njit(function: Callable[..., Any], caches: bool = True, **options: Any) -> Any:
    """`function` compiled by ``njit`` with `options` at the first call, or loaded.

    Its compiled code is kept if `caches`: the digest of the cache knows this package's sources
    only.
    """
    dispatcher: Any = njit(**options)(function)
    if _CAN_CACHE and caches:
        dispatcher.enable_caching()
        # A Numba that keeps things elsewhere loads them its own way.
        if hasattr(FunctionCache, "_load_overload"):
            dispatcher._cache = _QuickCache(function)  # type: ignore[no-untyped-call]
    return dispatcher
