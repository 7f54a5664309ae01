"""Functions by their addresses: loaded where they were kept, compiled where they were not.

What was kept needs no compiler. Importing that takes as long as all else that a command does before
it trains.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cnnsim.kernels.cache import kernel_cache, prepare_cache
from cnnsim.kernels.fill import Report, silent
from cnnsim.kernels.kept import BROKEN, KeptFiles
from cnnsim.kernels.machine import Code, can_load, load, processor
from cnnsim.kernels.passing import Caller, Kind, kind_of


class Native(NamedTuple):
    """A function that `cnnsim.kernels.jit.native` marks, for arguments of certain kinds.

    Attributes:
        module: where it is written.
        name: what it is called there.
        kinds: of its arguments.
    """

    module: str
    name: str
    kinds: tuple[Kind, ...]


_lock = threading.Lock()
#: Where what is in memory begins.
_addresses: dict[Native, int] = {}


def native(place: str, *arguments: Any) -> Native:
    """The function at `place` (``package.module:name``) for arguments like these.

    Raises TypeError for one that compiled code does not take.
    """
    module, _, name = place.partition(":")
    return Native(module, name, tuple(kind_of(argument) for argument in arguments))


def addresses(
    functions: Sequence[Native], report: Report = silent, processes: int = 1
) -> tuple[int, ...]:
    """Where each of the functions begins.

    Args:
        functions: those that take longest to compile first.
        report: hears what is being compiled; what it raises ends that.
        processes: how many may compile side by side.
    """
    with _lock:
        missing = [function for function in functions if function not in _addresses]
        found = {function: _kept(function) for function in missing}
        if absent := [function for function, code in found.items() if code is None]:
            from cnnsim.kernels.compiler import compile_all

            compiled = compile_all(absent, report, processes)
            found.update(compiled)
            for function in absent:
                _keep(function, compiled[function])
        for function, code in found.items():
            assert code is not None
            _addresses[function] = load(code)
        return tuple(_addresses[function] for function in functions)


def caller(place: str, *arguments: Any, report: Report = silent) -> Caller:
    """What calls the function at `place` with arguments like these."""
    function = native(place, *arguments)
    (address,) = addresses([function], report)
    return Caller(address, function.kinds)


@cache
def _folder() -> Path | None:
    """Where code is kept; None where it cannot be."""
    return kernel_cache() if prepare_cache() else None


def _files(function: Native) -> KeptFiles | None:
    folder = _folder()
    return None if folder is None else KeptFiles(folder, f"{function.module}.{function.name}")


def _key(function: Native) -> Any:
    """What kept code depends on, besides the sources and the compiler's version."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    return processor(), sorted(settings.items()), function


def _kept(function: Native) -> Code | None:
    """The code that was kept, None where there is none that can be used."""
    if (files := _files(function)) is None:
        return None
    try:
        code: Code | None = files.load(_key(function))
        return code if code is None or can_load(code) else None
    except BROKEN:
        return None


def _keep(function: Native, code: Code) -> None:
    if (files := _files(function)) is not None:
        with suppress(OSError):
            files.save(_key(function), code)
