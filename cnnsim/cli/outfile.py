"""A file that a command writes: there whole or not at all; links, devices and pipes stay."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.scenario.files import expanded
from cnnsim.scenario.writing import whole

#: The disk says no, whatever the command's words are.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def write_out(
    file: str, save: Callable[[IO[bytes]], object], option: str, sparing: Iterable[Path] = ()
) -> None:
    """`save` to `file`, which `option` names, but not in place of a file of `sparing`.

    Its size is told on standard error, and its name printed, unless it is a device or a pipe: that
    may be where names are printed too. Raises UsageError where `file` cannot be written,
    CnnsimError where the disk is full.
    """
    where = printable(file)
    if file in ("", "-"):
        raise UsageError(f"{option} needs the name of a file", f"for example {option} result")
    try:
        file = expanded(file)
        given = Path(file)
        if given.is_dir():
            raise UsageError(f"{where} is a folder", "name a file in it")
        # Through a link to what it points at; the link stays. Not that of /dev/stdout, which may
        # be a pipe that has no path.
        is_special = given.exists() and not given.is_file()
        target = given if is_special else Path(os.path.realpath(file))
        if not target.parent.is_dir():
            raise UsageError(f"{where} cannot be written: there is no folder {target.parent}")
        if any(target == Path(os.path.realpath(path)) for path in sparing):
            raise UsageError(f"{where} is what this command reads", "name another file")
        if is_special:
            size = _pour(target, where, save)
        else:
            with whole(target) as stream:
                save(stream)
                size = stream.seek(0, os.SEEK_END)
    except (OSError, ValueError) as error:
        raise refused(where, error) from None
    if sys.stderr is not None:
        print(f"{size:,} bytes", file=sys.stderr)
    if target.is_file() and sys.stdout is not None:
        print(printable(file, 4096))


def refused(where: str, error: OSError | ValueError) -> CnnsimError:
    """`where` cannot be written: a UsageError, unless it is the disk that says no."""
    reason = printable(getattr(error, "strerror", None) or str(error))
    kind = CnnsimError if getattr(error, "errno", None) in _NO_ROOM else UsageError
    return kind(f"{where} cannot be written: {reason}")


def _pour(target: Path, where: str, save: Callable[[IO[bytes]], object]) -> int:
    """Write into a device or a pipe, which nothing can take the place of; how many bytes."""
    # Not every format can be written where there is no going back.
    packed = io.BytesIO()
    save(packed)
    try:
        # A pipe without a reader would have the caller wait for one. The reader that is there
        # must not see it closed in between.
        number = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO and target.is_fifo():
            raise UsageError(
                f"nobody reads from the pipe {where}", "start its reader first"
            ) from None
        raise
    with os.fdopen(number, "wb") as stream:
        os.set_blocking(number, True)
        return stream.write(packed.getbuffer())
