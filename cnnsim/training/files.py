"""Lines that are appended for good, and files that one process holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnsim.errors import CnnsimError, printable


def append_lines(path: Path, lines: list[str]) -> None:
    """Append `lines` to a text file and wait until they are on the disk. Raises OSError."""
    with path.open("a", encoding="ascii") as stream:
        stream.writelines(f"{line}\n" for line in lines)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file for this process alone. Raises CnnsimError where another one has it.

    The lock ends with the process, however that ends.
    """
    try:
        import fcntl
    except ImportError:
        yield  # Windows has no such locks
        return
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CnnsimError(
                f"{printable(str(path.parent))} is being trained by another process",
                "wait for it, or choose another folder with --out",
            ) from None
        yield
