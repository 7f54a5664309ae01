"""Small line curves in braille."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas, Codes
from cnnsim.tui.drawing.glyphs import BRAILLE, NOW_DOT
from cnnsim.tui.drawing.palette import Palette

Limits = tuple[float, float]
Floats = npt.NDArray[np.floating[Any]]

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint32)


def limits_of(values: npt.ArrayLike) -> Limits:
    """Smallest and largest finite value; (0, 1) where there is none."""
    array = np.asarray(values, dtype=np.float64)
    array = array[np.isfinite(array)]
    return (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)


def row_of(value: float, limits: Limits, h: int) -> int:
    """The character row 0..h−1 in which a value is drawn, for labels beside the curve."""
    return int(_levels(np.array([value]), limits, h * 4)[0]) // 4


def column_of(index: int, count: int, w: int) -> int:
    """The character column 0..w−1 in which value `index` of `count` is drawn."""
    if count > 2 * w:
        return index * 2 * w // count // 2
    return round(index * (2 * w - 1) / max(count - 1, 1)) // 2


def draw_guide(canvas: Canvas, x: int, y: int, w: int, palette: Palette) -> None:
    """A faint dotted line across; draw it before the curve."""
    canvas.put(x, y, "┈" * w, palette.line)


def draw_curve(
    canvas: Canvas,
    x: int,
    y: int,
    w: int,
    h: int,
    values: Floats,
    now: int | None,
    limits: Limits,
    palette: Palette,
    style: Style,
) -> None:
    """A connected line of the values in w × h characters, low values at the bottom.

    More values than pixels: each pixel column spans the least to the largest of its share. NaN
    leaves a gap. `now` is the index that gets the bright dot. A second curve adds to the
    first and takes over the style of the characters they share.
    """
    if w < 1 or h < 1:
        return
    low, high = _spans(np.asarray(values, dtype=np.float64), w * 2, limits, h * 4)
    levels = np.arange(h * 4)[:, None]
    lit = (levels >= low) & (levels <= high)
    bits = (lit.reshape(h, 4, w, 2) * _BITS[None, :, None, :]).sum(axis=(1, 3)).astype(np.uint32)
    _merge(canvas, x, y, bits, style)
    if now is not None and 0 <= now < len(values) and np.isfinite(values[now]):
        row = row_of(float(values[now]), limits, h)
        canvas.put(x + column_of(now, len(values), w), y + row, NOW_DOT, palette.now_text)


def _levels(values: Floats, limits: Limits, height: int) -> Floats:
    """Pixel rows from the top, clipped to the picture; NaN stays NaN."""
    low, high = limits
    span = high - low
    with np.errstate(invalid="ignore"):
        share = (values - low) / span if span > 0 else np.where(np.isnan(values), np.nan, 0.5)
    places: Floats = np.rint((1 - np.clip(share, 0, 1)) * (height - 1))
    return places


def _spans(values: Floats, width: int, limits: Limits, height: int) -> tuple[Floats, Floats]:
    """Top and bottom pixel row of the line in each pixel column; NaN where there is none."""
    count = len(values)
    if not count:
        return np.full(width, np.nan), np.full(width, np.nan)
    levels = _levels(np.where(np.isinf(values), np.nan, values), limits, height)
    if count > width:
        starts = np.arange(width) * count // width
        top = np.fmin.reduceat(levels, starts)
        bottom = np.fmax.reduceat(levels, starts)
    else:
        places = np.arange(width) * (max(count - 1, 1) / max(width - 1, 1))
        top = np.interp(places, np.arange(count), levels) if count > 1 else np.full(width, np.nan)
        if count == 1:
            top[0] = levels[0]
        # A lone value between gaps still shows as a point.
        at = np.rint(np.arange(count) * ((width - 1) / max(count - 1, 1))).astype(np.intp)
        top[at] = levels
        top = np.rint(top)
        bottom = top.copy()
    # Reach halfway towards each neighbour so that steep parts stay connected.
    left_top, left_bottom = top[:-1].copy(), bottom[:-1].copy()
    rising, falling = left_top > bottom[1:], left_bottom < top[1:]
    middle_up = np.floor((left_top + bottom[1:]) / 2)
    middle_down = np.floor((left_bottom + top[1:]) / 2)
    top[:-1] = np.where(rising, np.fmin(top[:-1], middle_up + 1), top[:-1])
    bottom[1:] = np.where(rising, np.fmax(bottom[1:], middle_up), bottom[1:])
    bottom[:-1] = np.where(falling, np.fmax(bottom[:-1], middle_down), bottom[:-1])
    top[1:] = np.where(falling, np.fmin(top[1:], middle_down + 1), top[1:])
    return top, bottom


def _merge(canvas: Canvas, x: int, y: int, bits: Codes, style: Style) -> None:
    """Write the characters that have dots, joined with dots already there."""
    here = np.zeros(bits.shape, dtype=np.uint32)
    old = canvas.codes_at(x, y, bits.shape[1], bits.shape[0])
    top, left = max(-y, 0), max(-x, 0)
    here[top : top + old.shape[0], left : left + old.shape[1]] = old
    earlier = np.where((here >= BRAILLE) & (here < BRAILLE + 256), here - BRAILLE, 0)
    codes = (BRAILLE + (earlier | bits)).astype(np.uint32)
    canvas.stamp_through(x, y, codes, bits > 0, style)
