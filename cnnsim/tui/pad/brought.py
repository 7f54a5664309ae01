"""A picture that was put on the sheet, instead of drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnsim.tui.pad.padnet import Ink


@dataclass(frozen=True, eq=False)
class Brought:
    """A test picture, or one from a file.

    Attributes:
        words: where it comes from.
        picture: the picture as the net gets it: the sheet may hold it in bits.
        path: its file, where it was read from one.
        is_inverted: whether that was turned around.
    """

    words: str
    picture: Ink
    path: Path | None = None
    is_inverted: bool = False
