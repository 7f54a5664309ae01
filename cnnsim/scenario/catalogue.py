"""The bundled scenarios for lists: titles and order at once, without checking the files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

from cnnsim.scenario.bundled import bundled_folder, bundled_names


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
    """The bundled scenarios in their order. Only TOML is read, so this takes milliseconds."""
    entries = []
    for name in bundled_names():
        text = (bundled_folder() / f"{name}.toml").read_text("utf-8")
        entries.append(_entry(name, tomllib.loads(text)))
    return sorted(entries, key=lambda entry: (entry.order, entry.name))


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
