"""Planes as they stand on a screen."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.palette import DARK, Palette
from cnnsim.tui.drawing.plane import Plane, draw_plane, size_of


def drawn(
    plane: Plane, cls: CellClass, palette: Palette = DARK, *, ascii: bool = False
) -> list[str]:
    """The lines of a plane that is drawn alone."""
    canvas = Canvas(*size_of(plane, cls), palette.base)
    draw_plane(canvas, 0, 0, plane, cls, palette)
    return canvas.lines(ascii)
