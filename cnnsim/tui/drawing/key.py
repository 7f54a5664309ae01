"""The colour key that stands in the bottom border of a panel."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style

from cnnsim.tui.drawing.canvas import Piece
from cnnsim.tui.drawing.glyphs import HALF_DOWN
from cnnsim.tui.drawing.numbers import decimals_for, format_number, measured
from cnnsim.tui.drawing.palette import STEPS, Palette


@lru_cache(maxsize=256)
def colour_key(
    palette: Palette,
    low: str,
    high: str,
    *,
    width: int = 9,
    numbered: bool = True,
    picture: bool = False,
) -> tuple[Piece, ...]:
    """`−8 ▄▄▄▄▄ +8` in the colours of a panel.

    numbered: the map under numbers, else the bare one. Without tints only the two ends remain.
    """
    if picture:
        colours = palette.ink_colours
    else:
        colours = palette.tile_colours if numbered else palette.bare_colours
    if not colours or width < 2:
        return ((f"{low} … {high}", palette.dim),)
    steps = [round(i * (STEPS - 1) / (width - 1)) for i in range(width)]
    ground = palette.base.bgcolor
    return (
        (f"{low} ", palette.dim),
        *((HALF_DOWN, Style(color=colours[step], bgcolor=ground)) for step in steps),
        (f" {high}", palette.dim),
    )


def signed_key(
    palette: Palette, scale: float, *, width: int = 7, numbered: bool = False
) -> tuple[Piece, ...]:
    """The key of colours that reach from −scale to +scale."""
    high = end_text(scale)
    return colour_key(palette, f"−{high}", f"+{high}", width=width, numbered=numbered)


def end_text(scale: float) -> str:
    """The end of a key, in itself: `8`, `0.350`, `4.3e−04`."""
    decimals, power = decimals_for([scale])
    return measured(scale) if power else format_number(scale, decimals)
