"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnsim.errors import CnnsimError, printable


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then put it in its place. Raises OSError."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


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
