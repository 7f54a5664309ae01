"""Whether there is a GPU that can train, and in plain words why not.

Nothing here is imported before somebody asks for a GPU: the base install has none of its libraries.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

from cnnsim.errors import CnnsimError, UsageError, printable

#: What to do where a GPU is asked for in vain.
_WITHOUT = "leave --device out: the CPU trains everything"
#: The least that the compilers of the two extras make code for, by their CUDA version.
_LEAST = {12: (5, 0), 13: (7, 5)}

#: Error numbers of the driver, by what they mean for whoever waits.
_NO_MEMORY = {2}
_NO_DEVICE = {100, 101}
_OLD_DRIVER = {35, 222, 803, 804}


class Device(NamedTuple):
    """A GPU.

    Attributes:
        name: as its maker calls it, or ``simulator``.
        capability: its compute capability, such as (9, 0).
    """

    name: str
    capability: tuple[int, int]


class Memory(NamedTuple):
    """The memory of a GPU in bytes."""

    free: float
    total: float


def is_simulated() -> bool:
    """Whether kernels run as plain Python, which NUMBA_ENABLE_CUDASIM=1 asks for."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def find_device() -> Device:
    """The GPU that trains. Raises UsageError that says what is missing."""
    if is_simulated():
        return Device("simulator", (9, 0))
    if find_spec("numba_cuda") is None:
        raise UsageError(
            "a GPU needs numba-cuda, which is not installed",
            "pip install 'cnnsim[cuda13]' for a driver of version 580 or newer, "
            "'cnnsim[cuda12]' for 525 or newer",
        )
    try:
        from numba import cuda
    except ImportError as error:
        raise UsageError(
            f"numba-cuda is installed and cannot be loaded: {_first_line(error)}",
            "install it by the extra cuda13 or cuda12 of cnnsim, which bring its toolkit",
        ) from None
    try:
        newest, _ = cuda.cudadrv.driver.get_version()
        if newest < _toolkit():
            raise _old_driver()
        # No context is made, which would hold memory of the GPU where another process trains.
        gpu = cuda.gpus[0]
        name = gpu.name.decode() if isinstance(gpu.name, bytes) else str(gpu.name)
        found = Device(name, tuple(gpu.compute_capability)[:2])
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - the driver's errors have many types
        raise _no_device(error) from None
    least = _LEAST.get(_toolkit(), (0, 0))
    if found.capability < least:
        has, wants = (".".join(map(str, pair)) for pair in (found.capability, least))
        raise UsageError(
            f"{printable(found.name)} has compute capability {has}, and this toolkit makes code "
            f"for {wants} and newer",
            f"the extra cuda12 goes back to 5.0; or {_WITHOUT}",
        )
    return found


def engine_name(device: Device, kind: str = "cuda") -> str:
    """What runs remember: another kind of GPU may round otherwise. ``cuda sm_90``."""
    major, minor = device.capability
    return f"{kind} {device.name if is_simulated() else f'sm_{major}{minor}'}"


def is_available() -> bool:
    """Whether a GPU can train here."""
    try:
        find_device()
    except UsageError:
        return False
    return True


def memory() -> Memory:
    """What the GPU has, and has left."""
    from numba import cuda

    with explained():
        context = cuda.current_context()
        if not is_simulated():
            # What nobody holds any more is given back now and then only.
            context.memory_manager.deallocations.clear()
        free, total = context.get_memory_info()
    return Memory(free, total)


def check_room(size: int, what: str, given: int = 0) -> None:
    """Raise CnnsimError where the GPU has no `size` bytes left for `what`.

    So many bytes are `given` back before.
    """
    free, total = memory()
    free += given
    if size > free:
        raise _too_little(
            f"{what} needs {size / 1e6:,.1f} MB, and of its {total / 1e6:,.1f} MB the GPU has "
            f"{max(free, 0) / 1e6:,.1f} MB left"
        )


@contextmanager
def explained() -> Iterator[None]:
    """Make one clear error of whatever the driver raises."""
    try:
        yield
    except CnnsimError:
        raise
    except Exception as error:
        if not _is_the_drivers(error):
            raise
        raise _failed(error) from None


def _is_the_drivers(error: BaseException) -> bool:
    """By name: none of these types can be imported where numba-cuda is not installed."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & _DRIVERS)


def _failed(error: BaseException) -> CnnsimError:
    """The driver's error in the middle of things."""
    code = _code_of(error)
    if code in _NO_MEMORY:
        return _too_little("the GPU has no memory left for this run")
    if code in _OLD_DRIVER:
        return _old_driver()
    return CnnsimError(
        f"the GPU failed: {_first_line(error)}",
        "what was saved before is still good: the same command with --resume goes on, with "
        "--device cpu too",
    )


def _no_device(error: BaseException) -> UsageError:
    """The driver's error at the very beginning."""
    text, code = str(error), _code_of(error)
    if code in _OLD_DRIVER:
        return _old_driver()
    if code in _NO_DEVICE:
        return UsageError("the NVIDIA driver finds no GPU", _WITHOUT)
    if "cannot be found" in text or "could not be found" in text:
        return UsageError("there is no NVIDIA driver on this machine", _WITHOUT)
    return UsageError(f"the GPU cannot be used: {_first_line(error)}", _WITHOUT)


def _old_driver() -> UsageError:
    return UsageError(
        "the NVIDIA driver is too old for this CUDA toolkit",
        "update the driver (525 or newer for the extra cuda12, 580 for cuda13), or install the "
        f"other extra; or {_WITHOUT}",
    )


def _too_little(what: str) -> CnnsimError:
    return CnnsimError(what, "a smaller training.batch needs less; --device cpu uses main memory")


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


#: The errors of the driver, of cuda.core, and of the toolkit where a part of it is missing.
_DRIVERS = {
    "CudaAPIError", "CudaDriverError", "CudaRuntimeError", "CudaSupportError", "CUDAError",
    "NvvmError", "NvvmSupportError", "NvrtcError", "NvrtcSupportError", "NVRTCError",
    "LinkerError", "nvJitLinkError", "CCSupportError",
}  # fmt: skip
#: The names that errors without a number carry.
_NAMES = {
    "CUDA_ERROR_OUT_OF_MEMORY": 2,
    "CUDA_ERROR_NO_DEVICE": 100,
    "CUDA_ERROR_INVALID_DEVICE": 101,
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": 222,
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH": 803,
    "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE": 804,
    "INSUFFICIENT_DRIVER": 35,
}


def _toolkit() -> int:
    """The CUDA version of the installed libraries; 0 where that does not show."""
    try:
        return int(version("cuda-bindings").partition(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # "Error at driver init:" alone says nothing.
    said = next((line for line in lines if not line.endswith(":")), type(error).__name__)
    return printable(said)
