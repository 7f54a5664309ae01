"""Files that somebody named: what keeps one from being read, in words, before it is opened."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from cnnsim.errors import UsageError, printable

#: When a file was last written, its size, and which file it is.
Stamp = tuple[int, int, int]
#: What an operating system says about paths, in the words of this program.
_REASONS = {
    errno.ENOENT: "is not there",
    errno.ENOTDIR: "is not there",
    errno.EACCES: "may not be read",
    errno.ELOOP: "is a link that leads back to itself",
    errno.ENAMETOOLONG: "is too long a name",
}


def reason_of(error: OSError | ValueError) -> str:
    """What `error` says of a path, as the rest of a sentence that begins with it."""
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0) or f"cannot be read: {error.strerror or error}"
    return f"cannot be read: {error}"


def expanded(path: str) -> str:
    """`path`, in which ``~`` or ``~user`` at the beginning is that home folder.

    Raises UsageError where there is no such home.
    """
    found = os.path.expanduser(path)
    if found == path and path.startswith("~"):
        home = printable(path.partition(os.sep)[0])
        raise UsageError(
            f"{home} is no home folder here", f"a name that begins with ~ is written ./{home}"
        )
    return found


def stamp(path: Path) -> Stamp | None:
    """What is another one once the file at `path` was written again; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def obstacle(path: Path) -> str:
    """Why `path` cannot be read as a file, such as ``is a folder``; nothing where it can.

    A pipe is none: whoever opens one waits until something is written to it, maybe forever.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        return reason_of(error)
    if stat.S_ISDIR(mode):
        return "is a folder"
    if not stat.S_ISREG(mode):
        return "is a pipe or a device, not a file"
    return "" if os.access(path, os.R_OK) else _REASONS[errno.EACCES]
