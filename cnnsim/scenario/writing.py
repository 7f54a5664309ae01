"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def draft_of(path: Path) -> Path:
    """Where `path` is written before it takes its place."""
    return path.with_name(f".{path.name}.new")


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose content takes the place of `path` at the end, unless that fails.

    Raises OSError.
    """
    draft = draft_of(path)
    try:
        with _kept(draft) as stream:
            yield stream
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def drafted(path: Path, data: bytes) -> Iterator[Path]:
    """A file with `data`, on the disk, that may take the place of `path`; else it goes at the end.

    Raises OSError.
    """
    draft = draft_of(path)
    try:
        with _kept(draft) as stream:
            stream.write(data)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _kept(draft: Path) -> Iterator[IO[bytes]]:
    """A stream whose content is on the disk at the end."""
    with draft.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """Have `data` take the place of `path`. Raises OSError."""
    with whole(path) as stream:
        stream.write(data)
