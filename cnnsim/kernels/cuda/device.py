"""Whether there is a GPU that can train, and in plain words why not.

Nothing here is imported before somebody asks for a GPU: the base install has none of its libraries.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import NamedTuple

from cnnsim.errors import UsageError
from cnnsim.kernels.cuda.faults import explained, first_line, no_device, old_driver, too_little
from cnnsim.kernels.cuda.toolkit import check_toolkit, toolkit_version


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
            f"numba-cuda is installed and cannot be loaded: {first_line(error)}",
            "install it by the extra cuda13 or cuda12 of cnnsim, which bring its toolkit",
        ) from None
    try:
        newest, _ = cuda.cudadrv.driver.get_version()
        if newest < toolkit_version():
            raise old_driver()
        # No context is made, which would hold memory of the GPU where another process trains.
        gpu = cuda.gpus[0]
        name = gpu.name.decode() if isinstance(gpu.name, bytes) else str(gpu.name)
        found = Device(name, tuple(gpu.compute_capability)[:2])
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - the driver's errors have many types
        raise no_device(error) from None
    check_toolkit(*found)
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
        raise too_little(
            f"{what} needs {size / 1e6:,.1f} MB, and of its {total / 1e6:,.1f} MB the GPU has "
            f"{max(free, 0) / 1e6:,.1f} MB left"
        )
