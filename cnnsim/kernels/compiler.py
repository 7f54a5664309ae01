"""What makes machine code of native functions; and a process that does so beside another one.

Numba holds the interpreter's lock while it compiles, so two processors help only two processes.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from numba import from_dtype, types
from numba.core import config as _config

from cnnsim.errors import CnnsimError
from cnnsim.frames import with_room
from cnnsim.kernels.cache import source_digest
from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.kept import BROKEN
from cnnsim.kernels.listening import told
from cnnsim.kernels.machine import Code
from cnnsim.kernels.native import Native
from cnnsim.kernels.passing import ArgumentType

_from_dtype: Any = from_dtype
_array: Any = types.Array

#: Seconds after which a helper is not waited for any longer.
_PATIENCE = 120.0


def compile_all(
    functions: Sequence[Native], report: Report, processes: int
) -> Generator[tuple[Native, Code]]:
    """Each function with its code, as they are made.

    The first ones are made by further processes, if there may be `processes` in all. What does not
    work out there is made here.
    """
    count = max(0, min(processes, len(functions)) - 1)
    helpers = [_Helper(function) for function in functions[:count]]
    try:
        with told(report):
            for function in functions[count:]:
                yield function, compile_native(function)
            for helper in helpers:
                yield helper.function, helper.code(report) or compile_native(helper.function)
    finally:
        for helper in helpers:
            helper.end()


def compile_native(function: Native) -> Code:
    """The code of one function. Raises CnnsimError where somebody turned the compiler off."""
    if vars(_config)["DISABLE_JIT"]:
        raise CnnsimError(
            "NUMBA_DISABLE_JIT turns off the compiler that training needs", "unset it"
        )
    dispatcher = getattr(import_module(function.module), function.name)
    signature = tuple(numba_type(each) for each in function.types)
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    return Code(result.fndesc.llvm_func_name, result.library._get_compiled_object())


def numba_type(argument: ArgumentType) -> Any:
    """What Numba calls a type."""
    if argument.dtype is None:
        return types.int64
    element = _from_dtype(argument.dtype)
    return _array(element, argument.axes, "C") if argument.axes else element


class _Helper:
    """A process that compiles one function."""

    def __init__(self, function: Native) -> None:
        self.function = function
        self._process: subprocess.Popen[bytes] | None = None
        # It hears of our end, whatever that is, by the end of its input.
        input_, self._input = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cnnsim.kernels.compiler"],
                stdin=input_,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            os.write(self._input, pickle.dumps((source_digest(), function)))
        except OSError:
            self.end()
        finally:
            os.close(input_)

    def code(self, report: Report) -> Code | None:
        """What it made, once it is done; None if nothing came of it.

        `report` hears that this is waited for, and ends that with what it raises.
        """
        if (process := self._process) is None:
            return None
        name = self.function.name.replace("_", " ")
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            with suppress(subprocess.TimeoutExpired):
                written, _ = process.communicate(timeout=0.2)
                self._process = None
                break
            report(Progress("compiling", name, 0.0))
        else:
            return None
        try:
            found = pickle.loads(written)
        except BROKEN:
            return None
        return found if isinstance(found, Code) else None

    def end(self) -> None:
        """It is not wanted any more."""
        if self._input >= 0:
            os.close(self._input)
            self._input = -1
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@with_room
def _main() -> None:
    """Compile what standard input names, onto standard output."""
    # Who started this hears the interrupt key too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What others print is no answer.
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    digest, function = pickle.load(sys.stdin.buffer)
    if digest != source_digest():
        sys.exit("other sources were found here")
    threading.Thread(target=_end_with_input, daemon=True).start()
    with told(silent):
        pickle.dump(compile_native(function), answer)
    answer.close()
    # Without a last look at a thread that reads.
    os._exit(0)


def _end_with_input() -> None:
    """Who asked for this is gone, or wants it no more."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    _main()
