"""Plain characters everywhere, Textual's own widgets included."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cnnsim.tui.drawing.glyphs import to_ascii


class PlainFilter(LineFilter):
    """Replaces what is not ASCII, column for column."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(_plain(text), style, control) for text, style, control in segments]


def _plain(text: str) -> str:
    if cell_len(text) == len(text):
        return to_ascii(text)
    # A stand-in is one column wide, which not all characters are.
    return "".join(to_ascii(char).ljust(cell_len(char))[: cell_len(char)] for char in text)
