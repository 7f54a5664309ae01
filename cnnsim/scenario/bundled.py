"""The scenarios that come with the program, and how a name or path becomes a file."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import cnnsim
from cnnsim.errors import UsageError, did_you_mean, printable

#: A larger scenario file is a mistake; values of that size belong into a weights file.
MOST_BYTES = 64 << 20


@cache
def bundled_folder() -> Path:
    """Where the bundled files are: inside the installed package, or beside it in a checkout."""
    package = Path(cnnsim.__file__).resolve().parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def bundled_names() -> list[str]:
    """The names of the bundled scenarios, alphabetically."""
    return sorted(path.stem for path in bundled_folder().glob("*.toml"))


def find(source: str) -> Path:
    """The file that `source`, a bundled name or a path, stands for. Raises UsageError."""
    path = Path(source)
    if source in bundled_names():
        return bundled_folder() / f"{source}.toml"
    try:
        if path.is_file():
            return path
        is_folder = path.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"{printable(source)} cannot be opened: {printable(str(error))}") from None
    if is_folder:
        raise UsageError(f"{printable(source)} is a folder, not a scenario file")
    names = bundled_names()
    raise UsageError(
        f"no scenario or file '{printable(source)}'{did_you_mean(path.stem, names)}",
        "bundled are: " + ", ".join(names),
    )


def read_text(source: str) -> tuple[str, str, Path | None]:
    """(name, text, path) of a bundled name, a path, or ``-`` for standard input.

    Raises UsageError where it is missing, unreadable, too large or not UTF-8.
    """
    if source == "-":
        return "stdin", _decode(_read_stdin(), "stdin"), None
    path = find(source)
    where = printable(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{where} cannot be read: {printable(reason)}") from None
    return path.stem, _decode(data, where), path


def _read_stdin() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"standard input cannot be read: {printable(reason)}") from None


def _decode(data: bytes, where: str) -> str:
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"{where} is larger than {MOST_BYTES >> 20} MiB", "keep large tensors in a weights file"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{where}:{line}: byte {error.start} is not UTF-8", "save the file as UTF-8"
        ) from None
