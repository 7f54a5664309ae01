"""The uses of one value as a table: into which cell, by which product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.ledger import plate, sign_style
from cnnsim.tui.drawing.numbers import decimals_for, format_number, power_text
from cnnsim.tui.drawing.palette import Palette

_LABELS = 11


@dataclass(frozen=True, slots=True)
class UseColumn:
    """One use: the cell it goes into, the formula with its numbers, the term."""

    into: str
    text: str
    term: float | None


def draw_scatter(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    uses: Sequence[UseColumn],
    now: int,
    palette: Palette,
    term_label: str,
) -> None:
    """Three rows; the columns around `now`, as many as fit."""
    decimals, power = decimals_for([use.term for use in uses if use.term is not None])
    if power:
        term_label = f"{term_label[:1]} {power_text(power)}"
    for row, label in enumerate(("into", "term", term_label)):
        canvas.put(x, y + row, label, palette.dim)
    if not uses:
        return
    pitch = max(max(len(use.into), len(use.text)) for use in uses) + 3
    columns = max((width - _LABELS) // pitch, 1)
    first = min(max(now - columns // 2, 0), max(len(uses) - columns, 0))
    for place, use in enumerate(uses[first : first + columns]):
        at = x + _LABELS + place * pitch
        is_now = first + place == now
        if is_now:
            plate(canvas, at, y + 1, len(use.text), 1, palette)
        canvas.put(at, y, use.into, palette.now_text if is_now else palette.dim)
        canvas.put(at, y + 1, use.text, palette.now if is_now else palette.base)
        if use.term is not None:
            text = format_number(use.term, decimals, power, sign=True)
            style = palette.now_text if is_now else sign_style(use.term, palette)
            canvas.put(at, y + 2, text, style)
    if first:
        canvas.put(x + _LABELS - 2, y, "…", palette.dim)
    if first + columns < len(uses):
        canvas.put(x + width - 1, y, "…", palette.dim)
