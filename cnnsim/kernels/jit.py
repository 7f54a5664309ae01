"""Compiled functions that Python calls: kept on disk, and loaded without what only compiling needs.

Before it looks into its cache, Numba imports and registers everything that it could compile: a
tenth of a second, of the half that a command takes to its first epoch. Compiling does the same by
itself, so what was kept is loaded without.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pickle import UnpicklingError
from typing import Any

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.runtime.nrt import rtsys

from cnnsim.kernels.cache import prepare_cache

_CAN_CACHE = prepare_cache()


#: What reading a file raises that was cut off, emptied, or changed for another one.
_BROKEN = (
    OSError, EOFError, UnpicklingError, ValueError, TypeError, LookupError, AttributeError,
    ImportError, RuntimeError, MemoryError,
)  # fmt: skip


class _InOurFolder(CompileResultCacheImpl):
    """Files in the folder that `prepare_cache` names, or nowhere: it alone follows the sources."""

    _locator_classes: list[type[object]] = [UserProvidedCacheLocator]  # noqa: RUF012  (as Numba has it)


class _QuickCache(FunctionCache):
    """Numba's cache of one function, without the registries of the compiler.

    A file that cannot be read is as good as none, and is written anew; one that cannot be written
    is done without.
    """

    _impl_class = _InOurFolder

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of that signature; None where it was not kept."""
        # Compiled code calls the runtime for its arrays.
        rtsys.initialize(target_context)
        try:
            found = self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except _BROKEN:
            found = None
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
        is_ours = found is not None and found.fndesc.qualname == self._py_func.__qualname__
        return found if is_ours else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def cached_njit(function: Callable[..., Any], caches: bool = True, **options: Any) -> Any:
    """`function` compiled by ``njit`` with `options` at the first call, or loaded.

    Its compiled code is kept if `caches`: the digest of the cache knows this package's sources
    only.
    """
    dispatcher: Any = njit(**options)(function)
    if _CAN_CACHE and caches:
        # Where its folder cannot be used Numba raises that.
        with suppress(RuntimeError):
            dispatcher._cache = _QuickCache(function)  # type: ignore[no-untyped-call]
    return dispatcher
