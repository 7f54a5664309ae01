"""The scenarios that come with the program, and how a name or path becomes a file."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

import cnnsim
from cnnsim.errors import MissingError, UsageError, did_you_mean, printable
from cnnsim.scenario.files import reason_of


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
    """What `source`, a bundled name or a path, stands for; it is there. Raises UsageError."""
    path = Path(source)
    names = bundled_names()
    if source in names:
        return bundled_folder() / f"{source}.toml"
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            near = did_you_mean(path.stem, names)
            if os.path.isfile(f"{source}.toml"):
                near = f", did you mean '{printable(source)}.toml'?"
            raise MissingError(
                f"no scenario or file '{printable(source)}'{near}",
                "bundled are: " + ", ".join(names),
            ) from None
        raise UsageError(f"{printable(source)} {printable(reason_of(error))}") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{printable(source)} is a folder, not a scenario file")
    return path
