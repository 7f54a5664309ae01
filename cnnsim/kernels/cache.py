"""Where compiled kernels are kept.

Numba notices an edit in the file of a kernel but not in a function that the kernel inlines: the
old arithmetic would run on silently. So the folder's name has a digest of every source that can
be inlined, and of the CPU.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

import cnnsim

#: The packages whose functions end up inside kernels.
_INLINED = ("steps", "network", "kernels")


def source_digest() -> str:
    """A digest of every source file that compiled code can contain."""
    digest = sha256()
    for path in _sources():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    root = Path(cnnsim.__file__).parent
    for package in _INLINED:
        yield from sorted((root / package).rglob("*.py"))


def kernel_cache() -> Path:
    """The folder for this version of the sources on this kind of CPU. It need not exist."""
    return user_cache_path("cnnsim") / "kernels" / f"{source_digest()}-{platform.machine()}"


def prepare_cache() -> bool:
    """Point Numba to the cache. False where it cannot be written: kernels then compile each time.

    Numba adds the CPU's name and features to its own file index.
    """
    folder = kernel_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    from numba.core import config

    vars(config)["CACHE_DIR"] = str(folder)
    return True
