"""``--set key=value``: changes to a parsed scenario before it is checked."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from cnnsim.errors import UsageError, did_you_mean, printable
from cnnsim.scenario.data import NAMED
from cnnsim.scenario.files import expanded
from cnnsim.scenario.locate import Path
from cnnsim.scenario.model import FILES

#: The key of the pictures to train with, which can be a word instead.
_PICTURES = ("data", "source")
_PART = re.compile(r"([\w-]+)|\[([0-9]{1,9})\]")


def apply_overrides(document: dict[str, Any], settings: Sequence[str]) -> list[tuple[Path, str]]:
    """Change `document` in place; ``layers.conv1.padding=1`` finds a layer by its name.

    Files are looked up from the current folder, where they were typed. Returns the path of
    each key that was set, with the words that set it: ``--set layers.conv1.padding=1``. Raises
    UsageError saying which setting is wrong.
    """
    changed: list[tuple[Path, str]] = []
    for setting in settings:
        word, equals, text = setting.partition("=")
        if not equals or not word.strip():
            raise UsageError(
                f"--set {printable(setting)}: should be key=value", "for example --set seed=3"
            )
        table: Any = document
        at: Path = ()
        *around, last = _path(word.strip(), setting)
        for part in around:
            key = _key(table, part, at, setting)
            table = table.setdefault(key, {}) if isinstance(table, dict) else table[key]
            at = (*at, key)
        key = _key(table, last, at, setting)
        at = (*at, key)
        table[key] = _from_here(at, _value(text.strip(), setting))
        changed.append((at, f"--set {printable(setting)}"))
    return changed


def _path(key: str, setting: str) -> list[str | int]:
    parts: list[str | int] = []
    if _PART.sub("", key).strip(".") or not _PART.search(key):
        raise UsageError(f"--set {printable(setting)}: '{printable(key)}' is no key")
    for name, number in _PART.findall(key):
        parts.append(int(number) if number else name)
    return parts


def _key(table: Any, part: str | int, at: Path, setting: str) -> Any:
    """What `part` is called in `table`, which stands at path `at`: a key, or a place."""
    if isinstance(table, list):
        return _entry(table, part, at, setting)
    if isinstance(table, dict) and isinstance(part, str):
        return part
    raise UsageError(f"--set {printable(setting)}: '{part}' is inside of no table")


def _entry(entries: list[Any], part: str | int, at: Path, setting: str) -> int:
    """The place that `part`, a number or a layer's name, has in `entries`."""
    if isinstance(part, int):
        if part < len(entries):
            return part
        count = f"there are only {len(entries)} entries"
        count = "there is only one entry, [0]" if len(entries) == 1 else count
        raise UsageError(f"--set {printable(setting)}: {count}")
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if part in names:
        return names.index(part)
    known = [name for name in names if isinstance(name, str)]
    near = did_you_mean(part, known)
    number = part if part.isdigit() else 0
    hint = "" if near else f"entries are counted from 0 in brackets: {at[-1]}[{number}]"
    raise UsageError(f"--set {printable(setting)}: no layer '{part}'{near}", hint)


def _value(text: str, setting: str) -> Any:
    """`text` as a TOML value; a bare word is text. Raises UsageError for absurdly long numbers."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    except ValueError:
        what = "holds a whole number of more than 64 bits"
        raise UsageError(f"--set {printable(setting, 40)} {what}") from None


def _from_here(at: Path, value: Any) -> Any:
    """`value`, in which the names of files are complete."""
    if isinstance(value, dict) and at in (("input",), ("data",)):
        return {key: _from_here((*at, key), inner) for key, inner in value.items()}
    if not isinstance(value, str) or not value or (at == _PICTURES and value in NAMED):
        return value
    if at in FILES or at == _PICTURES:
        return os.path.abspath(expanded(value))
    return value
