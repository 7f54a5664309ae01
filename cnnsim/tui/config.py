"""The user's settings: theme, glyphs and keys, in ``config.toml`` of the configuration folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path

from cnnsim.errors import UsageError, did_you_mean, printable

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
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
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
    return Config(theme, glyphs, dict(keys))
