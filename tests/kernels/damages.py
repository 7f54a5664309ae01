"""Ways in which a file on disk goes bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def empty(file: Path) -> None:
    """Nothing was written."""
    file.write_bytes(b"")


def cut(file: Path) -> None:
    """The end is missing."""
    file.write_bytes(file.read_bytes()[:-20])


def fill(file: Path) -> None:
    """It is something else."""
    file.write_bytes(b"no pickle" * 100)


def block(file: Path) -> None:
    """A folder is in its way, and stays there."""
    file.unlink()
    file.mkdir()


DAMAGES: list[Callable[[Path], None]] = [empty, cut, fill, block]
