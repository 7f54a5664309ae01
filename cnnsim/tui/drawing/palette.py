"""The colours of a screen: one style per role, and the maps from numbers to tiles.

Tiles have 65 steps; step 32 is zero, which is the paper. Where a number stands on a tile the
sign map stops at 62 % so that the number stays readable; bare maps use all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.style import Style

from cnnsim.tui.drawing.colour import blend, contrast, gradient, hex_of

STEPS = 65
ZERO = STEPS // 2
NUMBERED = 0.62
LEAST_CONTRAST = 4.3
# How far labels on a tile may fade towards it, tried in this order.
_FADES = (0.40, 0.34, 0.28, 0.22, 0.16, 0.10, 0.05, 0.0)
# Pixel codes of half-block maps beyond the 65 steps.
NOW_PIXEL, PAST_PIXEL, PAPER_PIXEL, HOVER_PIXEL = 65, 66, 67, 68

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Palette:
    """One style per role. `signs` (−1, −½, 0, +½, +1) and `ink_stops` (0, ½, 1) are empty where
    the terminal has no tints; numbers then carry their sign as coloured text only.
    """

    name: str
    base: Style
    bold: Style
    dim: Style
    faint: Style
    line: Style
    focus_line: Style
    bar: Style
    bar_bold: Style
    bar_dim: Style
    selection: Style
    selection_bold: Style
    selection_dim: Style
    now: Style
    now_soft: Style
    now_edge: Style
    now_text: Style
    past: Style
    good: Style
    minus: Style
    plus: Style
    signs: tuple[str, ...] = ()
    ink_stops: tuple[str, ...] = ()
    text_inks: tuple[str, str] = ("#ffffff", "#000000")
    _halves: dict[tuple[int, int, bool], Style] = field(default_factory=dict, repr=False)

    @property
    def tinted(self) -> bool:
        """Whether values have background tiles."""
        return bool(self.signs)

    def tile_ids(self, values: Floats, scale: float) -> Ints:
        """Steps 0..64 of signed values; ±scale reach the ends, NaN counts as zero."""
        return _steps(values, scale, ZERO, ZERO)

    def ink_ids(self, values: Floats, scale: float) -> Ints:
        """Steps 0..64 of unsigned values; 0 is the paper, scale is full ink."""
        return _steps(values, scale, STEPS - 1, 0)

    def tile(self, t: float) -> Style:
        """Ground and text of a number t in −1..1 (of the scale) standing on the map."""
        return self.tiles[int(self.tile_ids(np.array(t), 1.0))]

    @cached_property
    def tile_colours(self) -> tuple[str, ...]:
        """Grounds under numbers, step by step; empty where there are no tints."""
        return self._signed(NUMBERED)

    @cached_property
    def bare_colours(self) -> tuple[str, ...]:
        """Grounds of bare maps, step by step; empty where there are no tints."""
        return self._signed(1.0)

    @cached_property
    def ink_colours(self) -> tuple[str, ...]:
        """Grounds of pictures, step by step; empty where there are no tints."""
        if not self.ink_stops:
            return ()
        return tuple(gradient(self.ink_stops, i / (STEPS - 1)) for i in range(STEPS))

    def _signed(self, reach: float) -> tuple[str, ...]:
        if not self.signs:
            return ()
        return tuple(
            gradient(self.signs, 0.5 + 0.5 * reach * (i - ZERO) / ZERO) for i in range(STEPS)
        )

    def _best_ink(self, ground: str) -> str:
        return max(self.text_inks, key=lambda ink: contrast(ink, ground))

    def _soft_ink(self, ground: str) -> str:
        """The ink faded towards its ground as far as it stays readable."""
        ink = self._best_ink(ground)
        for fade in _FADES:
            soft = blend(ink, ground, fade)
            if contrast(soft, ground) >= LEAST_CONTRAST:
                return soft
        return ink

    def _text_tiles(self, *, bold: bool = False) -> tuple[Style, ...]:
        strong = Style(bold=True) if bold else Style()
        signs = (self.minus + strong, self.base + strong, self.plus + strong)
        return tuple(signs[(i > ZERO) - (i < ZERO) + 1] for i in range(STEPS))

    @cached_property
    def tiles(self) -> tuple[Style, ...]:
        """A number on its tile, by step."""
        if not self.tinted:
            return self._text_tiles()
        return tuple(Style(color=self._best_ink(c), bgcolor=c) for c in self.tile_colours)

    @cached_property
    def bold_tiles(self) -> tuple[Style, ...]:
        """A bold number on its tile, by step."""
        if not self.tinted:
            return self._text_tiles(bold=True)
        return tuple(
            Style(color=self._best_ink(c), bgcolor=c, bold=True) for c in self.tile_colours
        )

    @cached_property
    def soft_tiles(self) -> tuple[Style, ...]:
        """Labels and notes on a tile, by step."""
        if not self.tinted:
            return (self.dim,) * STEPS
        return tuple(Style(color=self._soft_ink(c), bgcolor=c) for c in self.tile_colours)

    @cached_property
    def bares(self) -> tuple[Style, ...]:
        """Tiles of a map without numbers, by step; the text colour suits marks such as `▴`."""
        if not self.tinted:
            return self._text_tiles()
        return tuple(Style(color=self._best_ink(c), bgcolor=c) for c in self.bare_colours)

    @cached_property
    def inks(self) -> tuple[Style, ...]:
        """Tiles of a picture, by step, with a text colour for numbers on them."""
        if not self.tinted:
            return (self.dim,) * (STEPS // 4) + (self.base,) * (STEPS - STEPS // 4)
        return tuple(Style(color=self._best_ink(c), bgcolor=c) for c in self.ink_colours)

    @cached_property
    def bold_inks(self) -> tuple[Style, ...]:
        """As `inks`, bold."""
        return tuple(style + Style(bold=True) for style in self.inks)

    @cached_property
    def soft_inks(self) -> tuple[Style, ...]:
        """Labels and notes on a picture tile, by step."""
        if not self.tinted:
            return (self.dim,) * STEPS
        return tuple(Style(color=self._soft_ink(c), bgcolor=c) for c in self.ink_colours)

    @cached_property
    def zero_tile(self) -> Style:
        """A dim 0 on the tile of zero."""
        return self.on(self.dim, self.tiles[ZERO]) if self.tinted else self.dim

    def on(self, text: Style, ground: Style) -> Style:
        """The text of one style on the ground of another, such as dim text on the bar."""
        return text + Style(bgcolor=ground.bgcolor) if ground.bgcolor else text

    def half(self, top: int, bottom: int, picture: bool) -> Style:
        """The style of one `▀` whose halves show two pixel codes (tinted palettes only)."""
        key = (top, bottom, picture)
        style = self._halves.get(key)
        if style is None:
            pixels = self.ink_pixels if picture else self.sign_pixels
            style = self._halves[key] = Style.from_color(pixels[top], pixels[bottom])
        return style

    @cached_property
    def sign_pixels(self) -> tuple[Color, ...]:
        """Colours of the pixel codes of bare signed maps."""
        return self._pixels(self.bare_colours)

    @cached_property
    def ink_pixels(self) -> tuple[Color, ...]:
        """Colours of the pixel codes of pictures."""
        return self._pixels(self.ink_colours)

    def _pixels(self, colours: Sequence[str]) -> tuple[Color, ...]:
        extra = (self.now.bgcolor, self.past.color, self.base.bgcolor, self.base.color)
        return (
            *(Color.parse(colour) for colour in colours),
            *(colour or Color.default() for colour in extra),
        )


def _steps(values: Floats, scale: float, slope: int, zero: int) -> Ints:
    """round(value / scale · slope) + zero, clipped to the 65 steps."""
    if not scale > 0:
        return np.full(np.shape(values), zero, dtype=np.intp)
    with np.errstate(invalid="ignore", over="ignore"):
        places = np.rint(np.asarray(values, dtype=np.float64) * (slope / scale)) + zero
    clipped = np.clip(np.nan_to_num(places, nan=zero), 0, STEPS - 1)
    steps: Ints = clipped.astype(np.intp)
    return steps


# Role, dark, light.
_ROLES = """
paper     #12141a #fbfaf6
bar       #1a1d25 #f0eee7
selection #252a35 #e7e4da
text      #d8dde6 #20242c
dim       #838b9b #676b75
faint     #4d5463 #b3afa4
line      #2d323d #d8d4c9
focus     #6b7488 #8d8a80
plate     #ffc53d #ffc53d
on_plate  #1a1400 #1a1400
now_text  #ffc53d #946000
past      #8f7331 #d9b76a
good      #5ecdb9 #0b7a6c
minus     #6fb1f5 #1f62b0
plus      #f58a7c #b5371f
"""


def _tinted(name: str, column: int, signs: str, inks: str, text: str) -> Palette:
    """A palette from one column of the roles, every style on an explicit ground."""
    roles = {line.split()[0]: line.split()[column] for line in _ROLES.strip().splitlines()}

    def on(role: str, ground: str = "paper", bold: bool = False) -> Style:
        return Style(color=roles[role], bgcolor=roles[ground], bold=bold or None)

    plate = roles["plate"]
    faded = (blend(roles["on_plate"], plate, fade) for fade in _FADES)
    soft = next(colour for colour in faded if contrast(colour, plate) >= LEAST_CONTRAST)
    return Palette(
        name=name,
        base=on("text"),
        bold=on("text", bold=True),
        dim=on("dim"),
        faint=on("faint"),
        line=on("line"),
        focus_line=on("focus"),
        bar=on("text", "bar"),
        bar_bold=on("text", "bar", bold=True),
        bar_dim=on("dim", "bar"),
        selection=on("text", "selection"),
        selection_bold=on("text", "selection", bold=True),
        selection_dim=on("dim", "selection"),
        now=on("on_plate", "plate", bold=True),
        now_soft=Style(color=soft, bgcolor=plate),
        now_edge=on("plate"),
        now_text=on("now_text"),
        past=on("past"),
        good=on("good"),
        minus=on("minus"),
        plus=on("plus"),
        signs=tuple(signs.split()),
        ink_stops=tuple(inks.split()),
        text_inks=(text.split()[0], text.split()[1]),
    )


def _untinted(
    name: str, dim: str, now: str, now_text: str, past: str, good: str, minus: str, plus: str
) -> Palette:
    """A palette on the terminal's own colours, from rich style definitions."""
    base, bold, grey = Style(), Style(bold=True), Style.parse(dim)
    return Palette(
        name=name,
        base=base,
        bold=bold,
        dim=grey,
        faint=grey,
        line=grey,
        focus_line=base,
        bar=base,
        bar_bold=bold,
        bar_dim=grey,
        selection=bold,
        selection_bold=bold,
        selection_dim=grey,
        now=Style.parse(f"{now} reverse bold"),
        now_soft=Style.parse(f"{now} reverse"),
        now_edge=Style.parse(now),
        now_text=Style.parse(now_text),
        past=Style.parse(past),
        good=Style.parse(good),
        minus=Style.parse(minus),
        plus=Style.parse(plus),
    )


DARK = _tinted(
    "dark",
    1,
    signs="#2a70c2 #22466e #1e222b #6b322f #c24438",
    inks="#1b1f27 #5d6677 #eef1f6",
    text="#ffffff #0b0d11",
)
LIGHT = _tinted(
    "light",
    2,
    signs="#2466b3 #a9c8ea #efede6 #efb9ad #b93a2b",
    inks="#f3f1ea #9a9ca3 #1c2028",
    text="#0f1217 #ffffff",
)
ANSI = _untinted(
    "ansi", "bright_black", "yellow", "yellow", "yellow", "green", minus="blue", plus="red"
)
MONO = _untinted("mono", "dim", "", "bold", "dim", "bold", minus="", plus="")
_PALETTES = {palette.name: palette for palette in (DARK, LIGHT, ANSI, MONO)}


def palette_named(name: str) -> Palette:
    """The palette `dark`, `light`, `ansi` or `mono`; KeyError for another name."""
    return _PALETTES[name]


def hex_colour(style: Style, ground: bool = False) -> str | None:
    """The `#rrggbb` of a style's text or ground; None where it is the terminal's own."""
    colour = style.bgcolor if ground else style.color
    return hex_of(colour.triplet) if colour and colour.triplet else None
