"""Where compiled kernels are kept.

Numba notices an edit in the file of a kernel but not in a function that the kernel inlines: the
old arithmetic would run on silently. So the folder's name has a digest of every source that can
be inlined, and of the CPU.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

import cnnsim

#: The packages whose functions end up inside kernels.
_INLINED = ("steps", "network", "kernels")
#: Folders of other versions are kept if they are among the last used, or were used in this time.
_KEPT = 4
_SECONDS = 7 * 24 * 3600


def source_digest() -> str:
    """A digest of every source file that compiled code can contain."""
    root = Path(cnnsim.__file__).parent
    digest = sha256()
    for path in (path for room in _INLINED for path in sorted((root / room).rglob("*.py"))):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(source)}\n".encode())
        digest.update(source)
    return digest.hexdigest()[:16]


def kernel_cache() -> Path:
    """The folder for this version of the sources on this kind of CPU. It need not exist."""
    return user_cache_path("cnnsim") / "kernels" / f"{source_digest()}-{platform.machine()}"


def prepare_cache(folder: Path) -> bool:
    """Make the folder. False where it cannot be written: what is there is all that is kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    _prune(folder)
    return True


def _prune(folder: Path) -> None:
    """Remove what other versions compiled long ago. The probe marks when a folder was last used."""
    with suppress(OSError):
        others = [other for other in folder.parent.iterdir() if other.is_dir() and other != folder]
        others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
        for other in others[_KEPT:]:
            if other.stat().st_mtime < time.time() - _SECONDS:
                shutil.rmtree(other, ignore_errors=True)
