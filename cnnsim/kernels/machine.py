"""Machine code in memory: compiled code that was kept needs LLVM to be loaded, and no compiler."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm

_llvm: Any = llvm
#: Whoever is loaded stays.
_engines: list[Any] = []


class Code(NamedTuple):
    """A compiled function.

    Attributes:
        symbol: its name in the object file.
        needs: names of functions outside that it calls.
        file: the object file.
    """

    symbol: str
    needs: tuple[str, ...]
    file: bytes


def processor() -> tuple[str, ...]:
    """What machine code is made for: the system, and the processor with all that it can do."""
    return (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def can_load(code: Code) -> bool:
    """Whether all that `code` needs is there: LLVM ends the process where it is not."""
    process = ctypes.CDLL(None) if os.name == "posix" else None
    return all(hasattr(process, name) or _llvm.address_of_symbol(name) for name in code.needs)


def load(code: Code) -> int:
    """The address of a function. Its file is loaded once more if it was before."""
    module = _llvm.parse_assembly("")
    # One for each: files of different processes may give different functions the same name.
    engine = _llvm.create_mcjit_compiler(module, _target().create_target_machine())
    engine.add_object_file(_llvm.ObjectFileRef.from_data(code.file))
    engine.finalize_object()
    _engines.append(engine)
    address: int = engine.get_function_address(code.symbol)
    if not address:
        raise RuntimeError(f"{code.symbol} is not in its file")
    return address
