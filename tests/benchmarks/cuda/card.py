"""The card that is measured: what it is, and how many processes can use it at once."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from cnnsim.errors import UsageError
from cnnsim.kernels.cuda.device import find_device, is_simulated
from cnnsim.kernels.processors import processors

#: Bytes of the card that a process takes for itself, and processes at most: what they wait for is
#: the compiler.
_EACH, _MOST = 1e9, 16


def size() -> int:
    """Bytes of its memory. No context is made: cards can be set to take one process at a time."""
    from cuda.bindings import driver

    _, found = driver.cuDeviceTotalMem(0)
    return int(found)


def processes() -> int:
    """How many processes can compile, and launch small kernels, side by side."""
    return max(1, min(processors(), _MOST, int(size() / _EACH) - 1))


def about() -> str:
    """The card and what drives it, in a line. Raises UsageError where there is none."""
    if is_simulated():
        raise UsageError("times of the simulator mean nothing")
    gpu = find_device()
    versions = []
    for package in ("numba", "numba-cuda", "cuda-bindings", "torch", "numpy"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    capability = "".join(map(str, gpu.capability))
    return f"{gpu.name}, sm_{capability}, {size() / 1e9:.0f} GB; " + ", ".join(versions)
