"""The text of a scenario: of a file, or of what can be read once only, a pipe for example."""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from pathlib import Path

from cnnsim.errors import FileError, Problem, UsageError, printable
from cnnsim.scenario.bundled import find
from cnnsim.scenario.files import obstacle, reason_of

#: A larger scenario file is a mistake; values of that size belong into a weights file.
MOST_BYTES = 64 << 20
#: How pictures begin: PNG, JPEG, GIF, WebP, BMP.
_PICTURES = re.compile(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0", re.DOTALL
)


def read_text(source: str, once: bool = False) -> tuple[str, str, Path | None]:
    """(name, text, path) of a bundled name, a path, or ``-`` for standard input.

    With `once` pipes and devices are read too, such as ``/dev/stdin`` or the ``/dev/fd/63`` that a
    shell writes for ``<(…)``; what they name lies beside the current folder, so their path is None.
    Raises UsageError where it is missing, unreadable, too large, a picture or not UTF-8.
    """
    if source == "-":
        return "stdin", _decode(_read_stdin(), "stdin"), None
    path = find(source)
    where = printable(str(path))
    try:
        if once and _is_stream(path):
            return str(path), _decode(_read_stream(path), where), None
        if what := obstacle(path):
            raise UsageError(f"{where} {what}", "name a scenario file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{where} {printable(reason_of(error))}") from None
    return path.stem, _decode(data, where), path


def _is_stream(path: Path) -> bool:
    mode = path.stat().st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _read_stream(path: Path) -> bytes:
    """What a pipe or a device holds. Opening it must not wait for somebody who never comes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        try:
            first = os.read(descriptor, 1)
        except BlockingIOError:
            first = None  # somebody has it open and has not written yet: that is worth a wait
        if first == b"" and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise UsageError(f"nobody writes to the pipe {printable(str(path))}")
        os.set_blocking(descriptor, True)
        return (first or b"") + file.read(MOST_BYTES)


def _read_stdin() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"standard input {printable(reason_of(error))}") from None


def _decode(data: bytes, where: str) -> str:
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"{where} is larger than {MOST_BYTES >> 20} MiB", "keep large tensors in a weights file"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if _PICTURES.match(data):
            raise UsageError(
                f"{where} is a picture and no scenario", f"cnnsim predict RUN {shlex.quote(where)}"
            ) from None
        line = data[: error.start].count(b"\n") + 1
        problem = Problem("", f"byte {error.start} is not UTF-8", line)
        raise FileError(where, [problem], "save the file as UTF-8") from None
