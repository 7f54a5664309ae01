"""``cnnsim [SCENARIO]``: the terminal app."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cnnsim.cli.options import Settings
from cnnsim.cli.source import read
from cnnsim.cli.streams import has_unicode, is_dumb, is_terminal
from cnnsim.errors import FileError, UsageError
from cnnsim.tui.home.source import check_source

if TYPE_CHECKING:
    from cnnsim.training.run import Run

#: The options of every command that opens the app.
Theme = Annotated[
    Literal["dark", "light", "ansi"] | None, Parameter(help="Colours; default: as configured.")
]
Glyphs = Annotated[
    Literal["unicode", "ascii"] | None, Parameter(help="Characters; default: what fits.")
]


def home(
    scenario: Annotated[
        str | None, Parameter(help="Open this one; default: the home screen.")
    ] = None,
    /,
    *,
    at: Annotated[
        str | None,
        Parameter(metavar="ADDRESS", help='Begin there: "conv1.forward[0,0,1,1]", "mac 12", 50%.'),
    ] = None,
    theme: Theme = None,
    glyphs: Glyphs = None,
    settings: Settings = (),
) -> int:
    """Open the terminal app."""
    if scenario is None:
        for option, given in (("--at", at is not None), ("--set", bool(settings))):
            if given:
                raise UsageError(f"{option} needs a scenario", "for example cnnsim sobel")
    else:
        check_source(scenario)
    without = "cnnsim replay works without one; cnnsim --help says what else does"
    chosen = tuple(settings)
    return open_app(theme, glyphs, without, scenario=scenario, at=at, settings=chosen)


def open_app(
    theme: Theme,
    glyphs: Glyphs,
    without: str,
    *,
    scenario: str | None = None,
    at: str | None = None,
    settings: tuple[str, ...] = (),
    runs: Sequence[Run] = (),
) -> int:
    """Show the app at home, on a scenario or on runs; its exit code.

    Raises CnnsimError where it cannot be shown: `without` says what needs no terminal.
    """
    if scenario is not None:
        _check(scenario, at, settings)
    _check_terminal(without)
    from cnnsim.tui.app import run_app

    # Where the terminal leaves it open, the settings decide.
    chosen = glyphs or (None if has_unicode(sys.stdout) else "ascii")
    return run_app(scenario, at, theme, chosen, settings, runs)


def _check_terminal(without: str) -> None:
    """Raise UsageError where the app cannot be shown; `without` says what needs no terminal."""
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr)):
        if not is_terminal(stream):
            raise UsageError(
                f"the app needs a terminal, and standard {name} is none",
                without,
            )
    if is_dumb():
        raise UsageError(
            "the app needs a terminal that can move its cursor, and TERM says that this one cannot",
            without,
        )


def _check(scenario: str, at: str | None, settings: tuple[str, ...]) -> None:
    """Raise what is wrong with the words before a screen covers the messages."""
    try:
        found = read(scenario, settings, once=False, at=at)
    except FileError:
        raise
    except UsageError as error:
        from cnnsim.cli.mistakes import near_command

        near = near_command(scenario)
        hint = f"is the command '{near}' meant?" if near else error.hint
        raise UsageError(error.message, hint) from None
    if at is not None:
        from cnnsim.steps.address import parse_address

        parse_address(found.trace, at)
