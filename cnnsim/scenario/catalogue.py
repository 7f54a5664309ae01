"""The bundled scenarios for lists: titles and order at once, without checking the files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cnnsim.scenario.bundled import bundled_folder, bundled_names
from cnnsim.scenario.files import Stamp, stamp


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list shows of a scenario before it is opened."""

    name: str
    title: str
    about: str
    goal: str
    needs: str
    type: str
    minutes: int
    order: int


def catalogue() -> list[Entry]:
    """The bundled scenarios in their order. Each file is read once, and again where it changed."""
    paths = [bundled_folder() / f"{name}.toml" for name in bundled_names()]
    entries = [_read(path, stamp(path)) for path in paths]
    return sorted(entries, key=lambda entry: (entry.order, entry.name))


@lru_cache(maxsize=256)
def _read(path: Path, written: Stamp | None) -> Entry:
    return _entry(path.stem, tomllib.loads(path.read_text("utf-8")))


def _entry(name: str, document: dict[str, Any]) -> Entry:
    def words(key: str) -> str:
        return str(document.get(key, "")).strip()

    return Entry(
        name,
        words("title") or name,
        words("about"),
        words("goal"),
        words("needs"),
        str(document.get("type", "lesson")),
        int(document.get("minutes", 0)),
        int(document.get("order", 1000)),
    )
