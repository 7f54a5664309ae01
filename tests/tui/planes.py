"""Planes as they stand on a screen."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.palette import DARK, Palette
from cnnsim.tui.drawing.plane import Plane, draw_plane, size_of


def place_of(plane: Plane, cls: CellClass, row: int, col: int) -> tuple[int, int, int, int]:
    """Column, row, width and height of a cell, relative to where the plane is drawn."""
    row, col = row + plane.padding[0], col + plane.padding[1]
    if cls.name == "map":
        return col, row // 2, 1, 1
    if cls.name == "blocks":
        return col * cls.width, row * cls.height, cls.width, cls.height
    y = cls.gap_y + row * (cls.height + cls.gap_y)
    return 1 + col * (cls.width + 1), y, cls.width, cls.height


def drawn(
    plane: Plane, cls: CellClass, palette: Palette = DARK, *, ascii: bool = False
) -> list[str]:
    """The lines of a plane that is drawn alone."""
    canvas = Canvas(*size_of(plane, cls), palette.base)
    draw_plane(canvas, 0, 0, plane, cls, palette)
    return canvas.lines(ascii)
