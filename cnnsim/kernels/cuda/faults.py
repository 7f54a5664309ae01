"""What the driver, its libraries and the toolkit say when they fail, in plain words."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType

from cnnsim.errors import CnnsimError, UsageError, printable

#: What to do where a GPU is asked for in vain.
WITHOUT = "leave --device out: the CPU trains everything"

#: Error numbers of the driver, by what they mean for whoever waits.
_NO_MEMORY = {2}
_TAKEN = {46}
_NO_DEVICE = {100, 101}
_OLD_DRIVER = {35, 222, 804}
_HALF_UPDATED = {803}

#: What the compilers and linkers raise, by name: where numba-cuda is not installed, none of these
#: types can be imported. Some begin with a small letter.
_COMPILERS = {"NvvmError", "nvvmError", "NvrtcError", "NVRTCError", "LinkerError", "nvJitLinkError"}
#: The same of the driver, of cuda.core, and of a toolkit of which a part is missing.
_DRIVERS = _COMPILERS | {
    "CudaAPIError", "CudaDriverError", "CudaRuntimeError", "CudaSupportError", "CUDAError",
    "NvvmSupportError", "NvrtcSupportError", "CCSupportError", "DynamicLibNotFoundError",
}  # fmt: skip
#: The names that errors without a number carry.
_NAMES = {
    "CUDA_ERROR_OUT_OF_MEMORY": 2,
    "CUDA_ERROR_DEVICE_UNAVAILABLE": 46,
    "CUDA_ERROR_NO_DEVICE": 100,
    "CUDA_ERROR_INVALID_DEVICE": 101,
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": 222,
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH": 803,
    "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE": 804,
    "INSUFFICIENT_DRIVER": 35,
    # What drivers from before CUDA 12 do not have.
    "cuGetProcAddress": 35,
}


class NoRoomError(CnnsimError):
    """The GPU has too little memory; less at a time may go."""


@contextmanager
def explained() -> Iterator[None]:
    """Make one clear error of whatever the driver raises."""
    try:
        yield
    except CnnsimError:
        raise
    except Exception as error:
        if not _names_of(error) & _DRIVERS:
            raise
        raise _failed(error) from None


def is_the_compilers(error: Exception) -> bool:
    """Whether the compiler does not take a function: numba-cuda has classes of its own for that."""
    return isinstance(error, KeyError | TypeError) or bool(
        _names_of(error) & (_COMPILERS | {"NumbaError"})
    )


def no_device(error: BaseException) -> UsageError:
    """The driver's error at the very beginning."""
    text, code = str(error), _code_of(error)
    if code in _NO_DEVICE:
        return UsageError("the NVIDIA driver finds no GPU", WITHOUT)
    if "cannot be found" in text or "could not be found" in text:
        return UsageError("there is no NVIDIA driver on this machine", WITHOUT)
    known = _known(code)
    return known or UsageError(f"the GPU cannot be used: {first_line(error)}", WITHOUT)


def old_driver() -> UsageError:
    """The driver takes no code of the toolkit's."""
    return UsageError(
        "the NVIDIA driver is too old for this CUDA toolkit",
        "update the driver (525 or newer for the extra cuda12, 580 for cuda13), or install the "
        f"other extra; or {WITHOUT}",
    )


def too_little(what: str) -> NoRoomError:
    """What is told of a lack of memory."""
    return NoRoomError(what, "a smaller training.batch needs less; --device cpu uses main memory")


def first_line(error: BaseException) -> str:
    """What an error says, as much as stands on a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # "Error at driver init:" alone says nothing.
    said = next((line for line in lines if not line.endswith(":")), type(error).__name__)
    # "[<CUresult.…: 700>] Call to … results in …"
    return printable(re.sub(r"^\[.*?\] ", "", said))


def _failed(error: BaseException) -> CnnsimError:
    """The driver's error in the middle of things."""
    code = _code_of(error)
    if code in _NO_MEMORY:
        return too_little("the GPU has no memory left for this run")
    _hush()
    known = _known(code)
    return known or CnnsimError(
        f"the GPU failed: {first_line(error)}",
        "what was saved before is still good: the same command with --resume goes on, with "
        "--device cpu too",
    )


@cache
def _hush() -> None:
    """From now on nothing is said where memory of the GPU cannot be given back.

    After most errors it refuses everything to this process, and every array asks for that once
    more: when nobody holds it, or at the process's end.
    """
    raised, lost = sys.excepthook, sys.unraisablehook

    def except_hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not _names_of(error) & _DRIVERS:
            raised(kind, error, trace)

    def unraisable_hook(what: sys.UnraisableHookArgs) -> None:
        if what.exc_value is None or not _names_of(what.exc_value) & _DRIVERS:
            lost(what)

    sys.excepthook, sys.unraisablehook = except_hook, unraisable_hook


def _known(code: int) -> UsageError | None:
    """What can come at any time, and lasts until somebody does something about it."""
    if code in _OLD_DRIVER:
        return old_driver()
    if code in _HALF_UPDATED:
        return UsageError(
            "the NVIDIA driver was updated, and the one that runs is still the old one",
            f"restart the machine; or {WITHOUT}",
        )
    if code in _TAKEN:
        return UsageError(
            "the GPU is in use by another process, or takes none",
            "wait for that one, or train with --device cpu (nvidia-smi -q -d COMPUTE shows the "
            "GPU's mode)",
        )
    return None


def _names_of(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _code_of(error: BaseException) -> int:
    """The driver's number of an error; 0 where it has none."""
    try:
        return int(getattr(error, "code", ""))
    except (TypeError, ValueError):
        pass
    text = str(error)
    for name, number in _NAMES.items():
        if name in text:
            return number
    # "Error at driver init: Call to cuInit results in … (100)"
    match = re.search(r"\((\d{1,4})\)", text)
    return int(match[1]) if match else 0
