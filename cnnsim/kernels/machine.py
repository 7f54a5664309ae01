"""Machine code in memory: compiled code that was kept needs LLVM to be loaded, and no compiler."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any, NamedTuple

import llvmlite.binding as llvm

_llvm: Any = llvm
#: What was loaded: it stays as long as this does.
_loaded: list[Any] = []
#: No name is given twice, even if nothing came of the first.
_numbers = count()


class Code(NamedTuple):
    """A compiled function.

    Attributes:
        symbol: its name in the object file.
        file: the object file.
    """

    symbol: str
    file: bytes


def processor() -> tuple[str, ...]:
    """What machine code is made for: the system, and the processor with all that it can do."""
    return (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )


@cache
def _linker() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = _llvm.Target.from_default_triple().create_target_machine()
    return _llvm.create_lljit_compiler(machine, suppress_errors=True)


def load(code: Code) -> int:
    """The address of a function. Its file is loaded once more if it was before.

    Raises RuntimeError where the file is none, or needs what is not there.
    """
    # A library for each: files of different processes may give other functions the same name.
    library = _llvm.JITLibraryBuilder().add_object_img(code.file).add_current_process()
    library.export_symbol(code.symbol)
    found = library.link(_linker(), f"kernel {next(_numbers)}")
    _loaded.append(found)
    address: int = found[code.symbol]
    return address
