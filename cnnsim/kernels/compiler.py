"""What makes machine code of native functions; and a process that does so beside another one.

Numba holds the interpreter's lock while it compiles, so two processors help only two processes.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from numba import from_dtype, types

from cnnsim.frames import with_room
from cnnsim.kernels.fill import Report, silent
from cnnsim.kernels.listening import told
from cnnsim.kernels.machine import Code
from cnnsim.kernels.native import Native
from cnnsim.kernels.passing import Kind

_from_dtype: Any = from_dtype
_array: Any = types.Array


def compile_all(functions: Sequence[Native], report: Report, processes: int) -> dict[Native, Code]:
    """The code of each function. The first ones are compiled by further processes, if there may be.

    What does not work out there is compiled here.
    """
    helpers = {function: _Helper(function) for function in functions[: processes - 1]}
    try:
        with told(report):
            found = {f: compile_native(f) for f in functions if f not in helpers}
            for function, helper in helpers.items():
                found[function] = helper.code() or compile_native(function)
    finally:
        for helper in helpers.values():
            helper.end()
    return found


def compile_native(function: Native) -> Code:
    """The code of one function."""
    dispatcher = getattr(import_module(function.module), function.name)
    signature = tuple(_type_of(kind) for kind in function.kinds)
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    declared = [f.name for f in result.library._final_module.functions if f.is_declaration]
    return Code(
        result.fndesc.llvm_func_name,
        tuple(name for name in declared if not name.startswith("llvm.")),
        result.library._get_compiled_object(),
    )


def _type_of(kind: Kind) -> Any:
    """What Numba calls it."""
    if kind.dtype is None:
        return types.int64
    element = _from_dtype(kind.dtype)
    return _array(element, kind.axes, "C") if kind.axes else element


class _Helper:
    """A process that compiles one function."""

    def __init__(self, function: Native) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._function = function
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cnnsim.kernels.compiler"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert self._process.stdin is not None
            pickle.dump(function, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            self.end()

    def code(self) -> Code | None:
        """What it made, once it is done; None if nothing came of it."""
        if self._process is None:
            return None
        written, _ = self._process.communicate()
        try:
            return None if self._process.returncode else Code(*pickle.loads(written))
        except (EOFError, pickle.UnpicklingError, TypeError):
            return None

    def end(self) -> None:
        """It is not wanted any more."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@with_room
def _main() -> None:
    """Compile what standard input names, onto standard output."""
    # Who started this hears the interrupt key too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    function = pickle.load(sys.stdin.buffer)
    with told(silent):
        code = compile_native(function)
    sys.stdout.buffer.write(pickle.dumps(tuple(code)))


if __name__ == "__main__":
    _main()
