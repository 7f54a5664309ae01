"""How functions are compiled: decorators for what Python calls, and for what compiled code calls.

An `entry` takes whatever Numba takes. Before Numba looks into its cache, it imports and registers
everything that it could compile, a tenth of a second. Compiling does the same by itself, so what
was kept is loaded without.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from numba import njit
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.runtime.nrt import rtsys
from numba.core.serialize import dumps
from numba.extending import overload

from cnnsim.kernels.cache import kernel_cache, prepare_cache
from cnnsim.kernels.kept import BROKEN, KeptFiles
from cnnsim.kernels.meaning import meaning
from cnnsim.kernels.pipeline import EntryPipeline, PartPipeline

F = TypeVar("F", bound=Callable[..., Any])

_njit: Any = njit
_dumps: Any = dumps
_overload: Any = overload

_CACHE = kernel_cache()
_CAN_CACHE = prepare_cache(_CACHE)
if _CAN_CACHE:
    vars(config)["CACHE_DIR"] = str(_CACHE)

#: Other threads may run meanwhile, and divisions are IEEE 754's.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
#: Those of what Python's own calls never reach. It makes no arrays and returns none, so that it
#: need not count who holds those that it is given.
_BARE: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "_nrt": False}
_PART: dict[str, Any] = {**_BARE, "pipeline_class": PartPipeline}


class _InOurFolder(CompileResultCacheImpl):
    """Files in the folder that `prepare_cache` names, or nowhere: it alone follows the sources."""

    _locator_classes: list[type[object]] = [UserProvidedCacheLocator]  # noqa: RUF012  (as Numba has it)


class _QuickCache(FunctionCache):
    """Numba's cache of one function, in files of ours and without the registries of the compiler.

    A file that cannot be read is as good as none, and is written anew; one that cannot be written
    is done without.
    """

    _impl_class = _InOurFolder

    def __init__(self, function: Callable[..., Any], makes_arrays: bool) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file = KeptFiles(  # type: ignore[assignment]
            self._cache_path, self._impl.filename_base, _dumps
        )
        #: Whether the code needs Numba's runtime, which counts who holds an array.
        self._makes_arrays = makes_arrays

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return sig, codegen.magic_tuple(), meaning(self._py_func)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of that signature; None where it was not kept."""
        if self._makes_arrays:
            rtsys.initialize(target_context)
        try:
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except BROKEN:
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def entry(function: F, caches: bool = True, makes_arrays: bool = False) -> F:
    """What Python calls: compiled at the first call, or loaded.

    Its compiled code is kept if `caches`: the digest of the cache knows this package's sources
    only. Only what `makes_arrays` may do so.
    """
    options = {**_OPTIONS, "pipeline_class": EntryPipeline, "_nrt": makes_arrays}
    dispatcher: Any = _njit(**options)(function)
    if _CAN_CACHE and caches:
        # Where its folder cannot be used Numba raises that.
        with suppress(RuntimeError):
            dispatcher._cache = _QuickCache(function, makes_arrays)
    found: F = dispatcher
    return found


def native(function: F) -> F:
    """What is called by its address, and returns nothing; see native.py.

    Its arguments are records, whole numbers, and arrays as `cnnsim.kernels.passing` has them.
    """
    found: F = _njit(**_BARE, pipeline_class=EntryPipeline)(function)
    return found


def part(function: F, **options: Any) -> F:
    """A function that compiled code alone calls, never Python.

    It may call itself and other parts, but no part that calls it back.
    """
    found: F = _njit(**_PART, **options)(function)
    return found


def overloading(function: Callable[..., Any]) -> Callable[[F], F]:
    """A decorator of what chooses, by types, what is compiled for `function` on the CPU.

    See Numba's `overload`.
    """
    decorator: Callable[[F], F] = _overload(function, jit_options=_PART)
    return decorator
