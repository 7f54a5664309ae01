"""Where the panels of the drawing pad stand at any terminal size."""

from __future__ import annotations

from cnnsim.tui.places import Rect

#: What the right column needs.
_RIGHT, _BARS = 30, 12
#: What it does with, so that a sheet of 32 columns has them in a terminal of 60.
_LEAST = 25
#: The widest that panels beside the sheet are of use.
_WIDEST = 76


def arrange_pad(width: int, height: int, sheet: tuple[int, int]) -> dict[str, Rect]:
    """The panels by name in `width` x `height`; those that have no room are left out."""
    rows, columns = sheet
    roomy = columns * 2 + 2 <= width - _RIGHT and rows + 2 <= height
    pad = columns * 2 + 2 if roomy else max(columns + 2, width - _RIGHT - 22)
    pad = min(pad, width - 1 - _LEAST)
    x = pad + 1
    right = min(width - x, _WIDEST)
    if x + right < width:
        # Spare columns go to the sheet.
        pad, x = width - right - 1, width - right
    bars = _BARS if height >= _BARS + 6 else height
    places: dict[str, Rect] = {"pad": (0, 0, pad, height), "shares": (x, 0, right, bars)}
    left = height - bars
    if left >= 6:
        seen = min(left, 10 if left < 24 else 12)
        half = (right - 1) // 2
        places["seen"] = (x, bars, half, seen)
        places["slopes"] = (x + half + 1, bars, right - half - 1, seen)
        if left - seen >= 6:
            places["pad-maps"] = (x, bars + seen, right, left - seen)
    return places
