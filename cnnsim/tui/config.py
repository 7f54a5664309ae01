"""The user's settings: theme, glyphs and keys, in ``config.toml`` of the configuration folder."""

from __future__ import annotations

import os
import tomllib
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path

from cnnsim.errors import UsageError, did_you_mean, printable
from cnnsim.scenario.files import obstacle

_MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}

THEMES = ("dark", "light", "ansi")
GLYPHS = ("unicode", "ascii")


@dataclass(frozen=True)
class Config:
    """Settings, with the defaults where the file is silent. `keys` maps action ids to keys."""

    theme: str = "dark"
    glyphs: str = "unicode"
    keys: dict[str, str] = field(default_factory=dict)


def config_file() -> Path:
    """Where the settings are; the file need not exist."""
    return user_config_path("cnnsim") / "config.toml"


def read_config() -> Config:
    """The settings. Raises UsageError naming the file and what is wrong in it."""
    path = config_file()
    where = printable(str(path))
    if not os.path.lexists(path):
        return Config()
    if what := obstacle(path):
        raise UsageError(f"{where} {what}", "put a file there, or nothing")
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{where}: {printable(str(error))}") from None
    for key in document:
        if key not in ("theme", "glyphs", "keys"):
            raise UsageError(
                f"{where}: unknown key '{printable(key)}'"
                + did_you_mean(key, ("theme", "glyphs", "keys"))
            )
    theme, glyphs = document.get("theme", "dark"), document.get("glyphs", "unicode")
    keys = document.get("keys", {})
    if theme not in THEMES:
        raise UsageError(f"{where}: theme should be one of {', '.join(THEMES)}")
    if glyphs not in GLYPHS:
        raise UsageError(f"{where}: glyphs should be one of {', '.join(GLYPHS)}")
    if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
        raise UsageError(f'{where}: [keys] should hold lines such as  "step.next" = "l,right"')
    from cnnsim.tui.actions import ACTIONS, unknown_ids

    for unknown in unknown_ids(keys):
        near = did_you_mean(unknown, [action.id for action in ACTIONS])
        raise UsageError(f"{where}: no action '{printable(unknown)}'{near}")
    for action, names in keys.items():
        for name in names.split(","):
            if not is_key(name.strip()):
                raise UsageError(
                    f"{where}: {action}: no key '{printable(name.strip())}'",
                    "keys are called like z, ?, space, f5, ctrl+t, shift+left; a comma parts two",
                )
    if what := _shared(keys):
        raise UsageError(f"{where}: {what}", "give one of them another key")
    return Config(theme, glyphs, dict(keys))


def _shared(keys: dict[str, str]) -> str:
    """Which key two actions of a screen would have, in words; empty where there is none."""
    from textual.binding import Binding, BindingsMap

    from cnnsim.tui.actions import ACTIONS, key_name

    def keys_in(names: str) -> set[str]:
        return set(BindingsMap([Binding(names, "")]).key_to_bindings)

    owners: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for action in ACTIONS:
        usual = keys_in(action.keys)
        for key in keys_in(keys.get(action.id, action.keys)):
            for screen in action.screens:
                owner, theirs = owners.setdefault((screen, key), (action.id, usual))
                # Some have one on purpose: the first that is there takes it.
                if owner != action.id and key not in usual & theirs:
                    return f"{owner} and {action.id} have one key, {key_name(key)}"
    return ""


def is_key(name: str) -> bool:
    """Whether `name` is what Textual calls a key: ``z``, ``?``, ``question_mark``, ``ctrl+t``."""
    from textual.keys import KEY_NAME_REPLACEMENTS, Keys

    *modifiers, last = name.split("+") if len(name) > 1 else [name]
    if not _MODIFIERS.issuperset(modifiers):
        return False
    if len(last) == 1:
        return last.isprintable()
    if last in KEY_NAME_REPLACEMENTS.values() or any(last == key.value for key in Keys):
        return True
    try:
        # Not every name of a character is a key: there is one called "banana".
        return unicodedata.lookup(last.replace("_", " ")) < "\u0370"
    except KeyError:
        return False
