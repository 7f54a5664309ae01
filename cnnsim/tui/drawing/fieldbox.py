"""The heavy box in the gutters round a receptive field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import CellClass
from cnnsim.tui.drawing.glyphs import HALF_LEFT, HALF_RIGHT
from cnnsim.tui.drawing.palette import Palette

if TYPE_CHECKING:
    from cnnsim.tui.drawing.plane import Plane


def corner_of(
    x: int, y: int, plane: Plane, cls: CellClass, cell: tuple[int, int]
) -> tuple[int, int]:
    """Canvas position of a cell's top left character."""
    row, col = cell[0] + plane.padding[0], cell[1] + plane.padding[1]
    return x + 1 + col * cls.pitch_x, y + cls.gap_y + row * cls.pitch_y


def draw_field(
    canvas: Canvas, x: int, y: int, plane: Plane, cls: CellClass, palette: Palette
) -> None:
    """The heavy box in the gutters round the field; side bars where rows have no gutter.

    A side that lies outside the drawn matrix stays open.
    """
    bounds = plane.field_bounds()
    if bounds is None:
        return
    first = (max(bounds[0], -plane.padding[0]), max(bounds[2], -plane.padding[1]))
    last = (
        min(bounds[1], plane.rows + plane.padding[2] - 1),
        min(bounds[3], plane.cols + plane.padding[3] - 1),
    )
    if first[0] > last[0] or first[1] > last[1]:
        return
    left, top = corner_of(x, y, plane, cls, first)
    right, bottom = corner_of(x, y, plane, cls, last)
    left, right = left - 1, right + cls.width
    top, bottom = top - cls.gap_y, bottom + cls.height - 1 + cls.gap_y
    style = palette.now_text
    open_left, open_right = first[1] > bounds[2], last[1] < bounds[3]
    if not cls.gap_y:
        if not open_left:
            canvas.fill(left, top, 1, bottom + 1 - top, HALF_RIGHT, style)
        if not open_right:
            canvas.fill(right, top, 1, bottom + 1 - top, HALF_LEFT, style)
        return
    rail = "━" * (right - left - 1)
    if first[0] == bounds[0]:
        ends = ("━" if open_left else "┏", "━" if open_right else "┓")
        canvas.put(left, top, ends[0] + rail + ends[1], style)
    if last[0] == bounds[1]:
        ends = ("━" if open_left else "┗", "━" if open_right else "┛")
        canvas.put(left, bottom, ends[0] + rail + ends[1], style)
    start = top + 1 if first[0] == bounds[0] else top
    stop = bottom if last[0] == bounds[1] else bottom + 1
    if not open_left:
        canvas.fill(left, start, 1, stop - start, "┃", style)
    if not open_right:
        canvas.fill(right, start, 1, stop - start, "┃", style)
