"""Lines that are appended for good, and files that one process holds."""

from __future__ import annotations

import errno
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
    """Hold the file, or the folder, for this process alone.

    Raises CnnsimError where another one has it or has deleted it, or where it cannot be opened. The
    lock ends with the process, however that ends.
    """
    try:
        import fcntl
    except ImportError:
        yield  # Windows has no such locks
        return
    where = printable(str(path if path.is_dir() else path.parent))
    while True:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise _cannot_hold(where, error) from None
        with _closed(descriptor):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CnnsimError(
                    f"{where} is being trained by another process",
                    "wait for it, or choose another folder with --out",
                ) from None
            except OSError as error:
                raise _cannot_hold(where, error) from None
            # Whoever held it may have put another file in its place.
            if not _is_at(descriptor, path):
                continue
            yield
            return


def _cannot_hold(where: str, error: OSError) -> CnnsimError:
    many = "go on with fewer at once" if error.errno == errno.EMFILE else ""
    reason = printable(error.strerror or str(error))
    return CnnsimError(f"{where} cannot be held: {reason}", many)


@contextmanager
def _closed(descriptor: int) -> Iterator[None]:
    """It is closed in the end."""
    try:
        yield
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
