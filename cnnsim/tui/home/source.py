"""What the app can be asked to open."""

from __future__ import annotations

from cnnsim.errors import UsageError


def check_source(source: str) -> None:
    """Raise UsageError where `source` is what the app is worked with."""
    if source == "-":
        raise UsageError(
            "the app cannot read a scenario from standard input: that is its keyboard",
            "save it to a file, or use cnnsim replay -",
        )
