"""The weights of the first layer as pictures."""

from __future__ import annotations

import numpy as np

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import MAP, CellClass, blocks
from cnnsim.tui.drawing.key import colour_key
from cnnsim.tui.drawing.numbers import decimals_for, format_number
from cnnsim.tui.drawing.plane import Plane, draw_plane
from cnnsim.tui.train.scene import Scene, Words

#: Columns of `12 ‖w‖ 2.44`.
_LABEL = 11


def draw_filters(canvas: Canvas, scene: Scene) -> Words:
    """As many filters as fit, as large as they can be; blue is minus, red plus."""
    palette, filters = scene.palette, scene.run.filters
    if filters is None:
        canvas.put(2, 1, "They come at once.", palette.dim)
        return Words((("filters", palette.dim),))
    kept, rows, columns = filters.values.shape
    room = (canvas.width - 4, canvas.height - 2)
    cls = _class(kept, rows, columns, room, scene.ascii)
    wide, high = cls.size(rows, columns)
    pitch = (max(wide, 2) + 1, high + 1)
    across, down = max((room[0] + 1) // pitch[0], 1), max(room[1] // pitch[1], 1)
    shown = min(kept, across * down)
    scale = float(np.abs(filters.values[:shown]).max()) or 1.0
    for number in range(shown):
        x, y = 2 + number % across * pitch[0], 1 + number // across * pitch[1]
        plane = Plane(filters.values[number], scale=scale, mode="colours")
        draw_plane(canvas, x, y, plane, cls, palette)
        text = f"{number}"
        if wide >= _LABEL:
            text += f"  ‖w‖ {filters.norms[number]:.2f}"
        canvas.put(x, y + high, text, palette.dim)
    largest = format_number(scale, *decimals_for([scale]))
    mean = f", mean of {filters.channels} channels" if filters.channels > 1 else ""
    return Words(
        ((f"{filters.name} ", palette.bold),
         (f"{shown}", palette.bold), (f" of {filters.count}{mean}", palette.dim)),
        bottom_right=colour_key(palette, f"−{largest}", f"+{largest}", width=5, numbered=False),
    )  # fmt: skip


def _class(kept: int, rows: int, columns: int, room: tuple[int, int], ascii: bool) -> CellClass:
    """The largest pixels with which all filters fit, else the smallest."""
    sizes = ((8, 4), (6, 3), (4, 2), (3, 2), (2, 1))
    smallest = blocks(1) if ascii else MAP
    for cls in (*(blocks(*size) for size in sizes), smallest):
        wide, high = cls.size(rows, columns)
        if (room[0] + 1) // (max(wide, 2) + 1) * (room[1] // (high + 1)) >= kept:
            return cls
    return smallest
