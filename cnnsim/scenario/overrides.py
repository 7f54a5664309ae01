"""``--set key=value``: changes to a parsed scenario before it is checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from cnnsim.errors import UsageError, did_you_mean, printable

_PART = re.compile(r"([\w-]+)|\[([0-9]{1,9})\]")


def apply_overrides(document: dict[str, Any], settings: Sequence[str]) -> None:
    """Change `document` in place; ``layers.conv1.padding=1`` finds a layer by its name.

    Raises UsageError saying which setting is wrong.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(
                f"--set {printable(setting)}: should be key=value", "for example --set seed=3"
            )
        *path, last = _path(key.strip(), setting)
        table: Any = document
        for part in path:
            table = _step_into(table, part, setting)
        _assign(table, last, _value(text.strip()), setting)


def _path(key: str, setting: str) -> list[str | int]:
    parts: list[str | int] = []
    if _PART.sub("", key).strip(".") or not _PART.search(key):
        raise UsageError(f"--set {printable(setting)}: '{printable(key)}' is no key")
    for name, number in _PART.findall(key):
        parts.append(int(number) if number else name)
    return parts


def _step_into(table: Any, part: str | int, setting: str) -> Any:
    if isinstance(table, list):
        return table[_entry(table, part, setting)]
    if isinstance(table, dict) and isinstance(part, str):
        return table.setdefault(part, {})
    raise UsageError(f"--set {printable(setting)}: '{part}' is inside of no table")


def _assign(table: Any, last: str | int, value: Any, setting: str) -> None:
    if isinstance(table, list):
        table[_entry(table, last, setting)] = value
    elif isinstance(table, dict) and isinstance(last, str):
        table[last] = value
    else:
        raise UsageError(f"--set {printable(setting)}: '{last}' is inside of no table")


def _entry(entries: list[Any], part: str | int, setting: str) -> int:
    """The place that `part`, a number or a layer's name, has in `entries`."""
    if isinstance(part, int):
        if part < len(entries):
            return part
        raise UsageError(f"--set {printable(setting)}: there are only {len(entries)} entries")
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if part in names:
        return names.index(part)
    known = [name for name in names if isinstance(name, str)]
    raise UsageError(f"--set {printable(setting)}: no layer '{part}'{did_you_mean(part, known)}")


def _value(text: str) -> Any:
    """`text` as a TOML value; a bare word is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
