"""Matrices drawn as coloured pixels: half blocks, or 2×1 blocks where there is room."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.style import Style

from cnnsim.tui.drawing import glyphs
from cnnsim.tui.drawing.canvas import Canvas, Codes
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.palette import (
    HOVER_PIXEL,
    NOW_PIXEL,
    PAPER_PIXEL,
    PAST_PIXEL,
    ZERO,
    Palette,
)
from cnnsim.tui.drawing.styles import Ids, style_id, style_ids

if TYPE_CHECKING:
    from cnnsim.tui.drawing.plane import Plane

Pixels = npt.NDArray[np.intp]
_BLANK = ord(" ")
_KINDS = 80  # more than there are pixel codes
_RING_BRIGHT = NOW_PIXEL
#: Without tints: from which step on ink is a shade, and full; how many steps from zero a sign is
#: seen, and bold.
_SHADE, _FULL = 8, 24
_SIGN, _BOLD = 3, ZERO // 2
_SINGLE = [ord(mark) for mark in (glyphs.WINNER, glyphs.NOT_YET, glyphs.CLIPPED, glyphs.MINUS, "+")]


def draw_pixels(
    canvas: Canvas, x: int, y: int, plane: Plane, cls: CellClass, palette: Palette
) -> None:
    """Draw a plane as a map from (x, y) on."""
    pixels, unknown, padded = _pixel_codes(plane, palette)
    if cls.name == "blocks":
        codes, ids = _blocks(plane, cls, palette, pixels, unknown, padded)
    else:
        if len(pixels) % 2:
            pixels = np.vstack([pixels, np.full((1, pixels.shape[1]), PAPER_PIXEL)])
            unknown = np.vstack([unknown, np.ones((1, unknown.shape[1]), np.bool_)])
            padded = np.vstack([padded, padded[-1:]])
        if not palette.tinted:
            codes, ids = _plain_halves(plane, palette, pixels)
        elif plane.rgb is not None:
            codes, ids = _rgb_halves(plane, palette, pixels)
        else:
            codes, ids = _halves(plane, palette, pixels)
        _unset(palette, codes, ids, pixels, unknown, padded)
    canvas.stamp(x, y, codes, ids)


def _pixel_codes(
    plane: Plane, palette: Palette
) -> tuple[Pixels, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Pixel codes with padding, and where nothing is known and where padding is."""
    top, left, _, _ = plane.padding
    rows, cols = plane.outer
    inner = (slice(top, top + plane.rows), slice(left, left + plane.cols))
    pixels: Pixels = np.full((rows, cols), PAPER_PIXEL, dtype=np.intp)
    ids = palette.ink_ids if plane.picture else palette.tile_ids
    steps = ids(plane.values, plane.scale)
    if plane.clipped is not None:
        steps = np.where(plane.clipped, PAPER_PIXEL, steps)
    unknown = np.zeros((rows, cols), dtype=np.bool_)
    if plane.known is not None:
        steps = np.where(plane.known, steps, PAPER_PIXEL)
        unknown[inner] = ~plane.known
    pixels[inner] = steps
    padded = np.ones((rows, cols), dtype=np.bool_)
    padded[inner] = False

    def mark(cell: tuple[int, int] | None, code: int) -> None:
        if cell is not None and 0 <= cell[0] + top < rows and 0 <= cell[1] + left < cols:
            pixels[cell[0] + top, cell[1] + left] = code

    for cell in plane.also:
        mark(cell, PAST_PIXEL)
    bounds = plane.field_bounds()
    if bounds is not None:
        # Without a now pixel the ring itself is what the eye looks for.
        code = PAST_PIXEL if plane.now is not None else _RING_BRIGHT
        low_row, high_row = bounds[0] + top - 1, bounds[1] + top + 1
        low_col, high_col = bounds[2] + left - 1, bounds[3] + left + 1
        across = slice(max(low_col, 0), max(high_col + 1, 0))
        down = slice(max(low_row, 0), max(high_row + 1, 0))
        for row in (low_row, high_row):
            if 0 <= row < rows:
                pixels[row, across] = code
        for col in (low_col, high_col):
            if 0 <= col < cols:
                pixels[down, col] = code
    mark(plane.hover, HOVER_PIXEL)
    mark(plane.now, NOW_PIXEL)
    return pixels, unknown, padded


def _styled(keys: Pixels, style: Callable[[int], Style]) -> Ids:
    """Style numbers of an array of keys, each style looked up once."""
    unique, inverse = np.unique(keys, return_inverse=True)
    table = style_ids(style(key) for key in unique.tolist())
    ids: Ids = table[inverse].reshape(keys.shape)
    return ids


def _halves(plane: Plane, palette: Palette, pixels: Pixels) -> tuple[Codes, Ids]:
    """`▀` with the upper pixel as text and the lower as ground."""
    keys = pixels[0::2] * _KINDS + pixels[1::2]
    codes: Codes = np.full(keys.shape, ord(glyphs.HALF_UP), dtype=np.uint32)
    codes[pixels[0::2] == pixels[1::2]] = _BLANK
    picture = plane.picture
    return codes, _styled(keys, lambda key: palette.half(key // _KINDS, key % _KINDS, picture))


def _rgb_halves(plane: Plane, palette: Palette, pixels: Pixels) -> tuple[Codes, Ids]:
    """As `_halves`, in the picture's own colours wherever no mark stands."""
    marks = palette.ink_pixels
    colours = np.zeros((*pixels.shape, 3), dtype=np.int64)
    top, left, _, _ = plane.padding
    if plane.rgb is not None:
        colours[top : top + plane.rows, left : left + plane.cols] = plane.rgb
    for code in (NOW_PIXEL, PAST_PIXEL, PAPER_PIXEL, HOVER_PIXEL):
        triplet = marks[code].triplet
        if triplet is not None:
            colours[pixels == code] = triplet
    packed = (colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]
    keys = (packed[0::2] << 24) | packed[1::2]
    codes: Codes = np.full(keys.shape, ord(glyphs.HALF_UP), dtype=np.uint32)
    return codes, _styled(keys, lambda key: _rgb_half(key >> 24, key & 0xFFFFFF))


@lru_cache(maxsize=16384)
def _rgb_half(top: int, bottom: int) -> Style:
    return Style.from_color(
        Color.from_rgb(top >> 16, top >> 8 & 255, top & 255),
        Color.from_rgb(bottom >> 16, bottom >> 8 & 255, bottom & 255),
    )


def _plain_halves(plane: Plane, palette: Palette, pixels: Pixels) -> tuple[Codes, Ids]:
    """Without tints: ink as half blocks, signed values as `+` and `−` (bold beyond a half)."""
    upper, lower = pixels[0::2], pixels[1::2]
    codes: Codes = np.full(upper.shape, _BLANK, dtype=np.uint32)
    ids: Ids = np.full(upper.shape, style_id(palette.base), dtype=np.int32)
    if plane.picture:
        inked = (pixels >= _FULL) & (pixels < NOW_PIXEL)
        _set_halves(codes, inked[0::2], inked[1::2])
    else:
        first = np.where(upper < NOW_PIXEL, upper - ZERO, 0)
        second = np.where(lower < NOW_PIXEL, lower - ZERO, 0)
        larger = np.where(np.abs(first) >= np.abs(second), first, second)
        for sign, glyph, style in ((1, "+", palette.plus), (-1, glyphs.MINUS, palette.minus)):
            mask = larger * sign >= _SIGN
            codes[mask] = ord(glyph)
            ids[mask] = style_id(style)
            ids[larger * sign > _BOLD] = style_id(style + Style(bold=True))
    for code, style in (
        (PAST_PIXEL, palette.past),
        (HOVER_PIXEL, palette.bold),
        (NOW_PIXEL, palette.now_text + Style(bold=True)),
    ):
        mask = (upper == code) | (lower == code)
        _set_halves(codes, upper == code, lower == code)
        ids[mask] = style_id(style)
    return codes, ids


def _set_halves(codes: Codes, upper: npt.NDArray[np.bool_], lower: npt.NDArray[np.bool_]) -> None:
    codes[upper & ~lower] = ord(glyphs.HALF_UP)
    codes[lower & ~upper] = ord(glyphs.HALF_DOWN)
    codes[upper & lower] = ord(glyphs.FULL)


def _unset(
    palette: Palette,
    codes: Codes,
    ids: Ids,
    pixels: Pixels,
    unknown: npt.NDArray[np.bool_],
    padded: npt.NDArray[np.bool_],
) -> None:
    """A faint dot in every other character where neither half is known; `░` on padding."""
    paper = (pixels[0::2] == PAPER_PIXEL) & (pixels[1::2] == PAPER_PIXEL)
    faint = style_id(palette.faint)
    dots = paper & unknown[0::2] & unknown[1::2]
    dots[:, 1::2] = False
    rings = paper & padded[0::2] & padded[1::2]
    codes[dots] = ord(glyphs.NOT_YET)
    codes[rings] = ord(glyphs.PADDING)
    ids[dots | rings] = faint


def _blocks(
    plane: Plane,
    cls: CellClass,
    palette: Palette,
    pixels: Pixels,
    unknown: npt.NDArray[np.bool_],
    padded: npt.NDArray[np.bool_],
) -> tuple[Codes, Ids]:
    """Some columns to a pixel, the last of them with room for the marks `▴` and `·`."""
    rows, cols = pixels.shape
    codes: Codes = np.full((rows, cols, cls.width), _BLANK, dtype=np.uint32)
    table = style_ids(palette.inks if plane.picture else palette.bares)
    ids: Ids = np.full((rows, cols, cls.width), style_id(palette.base), dtype=np.int32)
    tiled = pixels < NOW_PIXEL
    ids[tiled] = table[pixels[tiled]][:, None]
    if not palette.tinted:
        if plane.picture:
            codes[tiled & (pixels >= _FULL)] = ord(glyphs.FULL)
            codes[tiled & (pixels >= _SHADE) & (pixels < _FULL)] = ord(glyphs.PADDING)
        else:
            codes[tiled & (pixels - ZERO >= _SIGN), -1] = ord("+")
            codes[tiled & (ZERO - pixels >= _SIGN), -1] = ord(glyphs.MINUS)
    elif plane.rgb is not None:
        top, left, _, _ = plane.padding
        inner = np.zeros((rows, cols), dtype=np.bool_)
        inner[top : top + plane.rows, left : left + plane.cols] = True
        image = plane.rgb.astype(np.int64)
        packed = np.zeros((rows, cols), dtype=np.int64)
        packed[inner] = ((image[..., 0] << 16) | (image[..., 1] << 8) | image[..., 2]).ravel()
        at = tiled & inner
        ids[at] = _styled(packed[at], lambda key: _rgb_half(key, key))[:, None]
    top, left, _, _ = plane.padding
    inside = (slice(top, top + plane.rows), slice(left, left + plane.cols))
    known = ~unknown[inside]
    if plane.winner is not None:
        codes[inside][plane.winner & known & tiled[inside], -1] = ord(glyphs.WINNER)
    if plane.clipped is not None:
        mask = plane.clipped & known & (pixels[inside] == PAPER_PIXEL)
        codes[inside][mask] = ord(glyphs.CLIPPED)
        ids[inside][mask] = style_id(palette.dim)
    paper = pixels == PAPER_PIXEL
    codes[paper & unknown, -1] = ord(glyphs.NOT_YET)
    codes[paper & padded] = ord(glyphs.PADDING)
    ids[paper & (unknown | padded)] = style_id(palette.faint)
    for code, style in (
        (PAST_PIXEL, palette.past),
        (HOVER_PIXEL, palette.bold),
        (NOW_PIXEL, palette.now_edge),
    ):
        codes[pixels == code] = ord(glyphs.FULL)
        ids[pixels == code] = style_id(style)
    flat = (rows, cols * cls.width)
    if cls.height == 1:
        return codes.reshape(flat), ids.reshape(flat)
    # Marks of one character stand once, in the middle line of the pixel.
    single = np.isin(codes, _SINGLE)
    tall: Codes = np.repeat(np.where(single, _BLANK, codes).astype(np.uint32), cls.height, axis=0)
    tall[cls.height // 2 :: cls.height] = codes
    flat = (rows * cls.height, flat[1])
    return tall.reshape(flat), np.repeat(ids, cls.height, axis=0).reshape(flat)
