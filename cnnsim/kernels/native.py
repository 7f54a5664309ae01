"""Functions by their addresses: loaded where they were kept, compiled where they were not.

What was kept needs no compiler. Importing that takes as long as all else that a command does before
it trains.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cnnsim.kernels.cache import kernel_cache, prepare_cache
from cnnsim.kernels.fill import Report, silent
from cnnsim.kernels.kept import BROKEN, KeptFiles
from cnnsim.kernels.machine import Code, load, processor
from cnnsim.kernels.passing import ArgumentType, Caller, type_of

#: What Numba reads besides its variables, from the folder that a process runs in.
_CONFIG = Path(".numba_config.yaml")


class Native(NamedTuple):
    """A function that `cnnsim.kernels.jit.native` marks, for arguments of certain types.

    Attributes:
        module: where it is written.
        name: what it is called there.
        types: of its arguments.
    """

    module: str
    name: str
    types: tuple[ArgumentType, ...]


_lock = threading.Lock()
#: Where what is in memory begins.
_addresses: dict[Native, int] = {}


def native_for(place: str, *arguments: Any) -> Native:
    """The function at `place` (``package.module:name``) for arguments like these.

    Raises TypeError for one that compiled code does not take.
    """
    module, _, name = place.partition(":")
    return Native(module, name, tuple(type_of(argument) for argument in arguments))


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
        for function in functions:
            if function not in _addresses and (address := _kept(function)) is not None:
                _addresses[function] = address
        if absent := [function for function in functions if function not in _addresses]:
            from cnnsim.kernels.compiler import compile_all

            with closing(compile_all(absent, report, processes)) as compiled:
                for function, code in compiled:
                    _keep(function, code)
                    _addresses[function] = load(code)
        return tuple(_addresses[function] for function in functions)


def caller(place: str, *arguments: Any, report: Report = silent) -> Caller:
    """What calls the function at `place` with arguments like these."""
    function = native_for(place, *arguments)
    (address,) = addresses([function], report)
    return Caller(address, function.types)


def _kept(function: Native) -> int | None:
    """Where the code that was kept begins, once it is loaded; None if there is none to be used."""
    try:
        code = _files(function).load(_key(function))
        return None if code is None else load(code)
    except BROKEN:
        return None


def _keep(function: Native, code: Code) -> None:
    with suppress(OSError):
        _files(function).save(_key(function), code)


def _files(function: Native) -> KeptFiles:
    return KeptFiles(_folder(), f"{function.module}.{function.name}")


@cache
def _folder() -> Path:
    """Where code is kept, if it can be."""
    folder = kernel_cache()
    prepare_cache(folder)
    return folder


def _key(function: Native) -> Any:
    """What kept code depends on, besides the sources and the compiler's version."""
    settings = {
        name: value
        for name, value in os.environ.items()
        # What says "CUDA" changes nothing for the CPU.
        if name.startswith("NUMBA_") and "CUDA" not in name
    }
    with suppress(OSError, ValueError):
        settings[_CONFIG.name] = _CONFIG.read_text("utf-8")
    return processor(), sorted(settings.items()), function
