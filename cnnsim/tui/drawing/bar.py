"""Thin bars on a rail."""

from __future__ import annotations

from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import Palette


def bar_text(fraction: float, width: int) -> str:
    """The passed part of a thin bar, `━━━╸`; anything above 0 shows at least a half."""
    if not fraction > 0 or width < 1:
        return ""
    halves = max(round(min(fraction, 1.0) * width * 2), 1)
    return "━" * (halves // 2) + "╸" * (halves % 2)


def draw_bar(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    fraction: float,
    palette: Palette,
    style: Style | None = None,
) -> None:
    """A thin bar `━━━╸────` of a fraction 0..1."""
    canvas.put(x, y, "─" * width, palette.line)
    canvas.put(x, y, bar_text(fraction, width), style or palette.focus_line)
