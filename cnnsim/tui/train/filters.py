"""The weights of the first layer as pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import ENLARGED, CellClass, blocks, finest
from cnnsim.tui.drawing.key import signed_key
from cnnsim.tui.drawing.plane import Plane, cell_at, draw_plane
from cnnsim.tui.train.scene import Scene, Words
from cnnsim.tui.train.view import Filters

#: Columns of `12 ‖w‖ 2.44`.
_LABEL = 11


@dataclass(frozen=True)
class Grid:
    """Where the filters stand in a panel: their pixels, how many, and from one to the next."""

    cls: CellClass
    size: tuple[int, int]
    pitch: tuple[int, int]
    across: int
    shown: int

    def place(self, number: int) -> tuple[int, int]:
        """Column and row of a filter in its panel."""
        return 2 + number % self.across * self.pitch[0], 1 + number // self.across * self.pitch[1]


def grid_of(filters: Filters, width: int, height: int, ascii: bool) -> Grid:
    """The filters in a panel of that size."""
    kept, rows, columns = filters.values.shape
    room = (width - 4, height - 2)
    cls = _class(kept, rows, columns, room, ascii)
    size = cls.size(rows, columns)
    pitch = (max(size[0], 2) + 1, size[1] + 1)
    across, down = max((room[0] + 1) // pitch[0], 1), max(room[1] // pitch[1], 1)
    return Grid(cls, size, pitch, across, min(kept, across * down))


def cell_of(scene: Scene, width: int, height: int, x: int, y: int) -> tuple[int, int, int] | None:
    """Filter, row and column at a place of the panel."""
    filters = scene.run.filters
    if filters is None:
        return None
    grid = grid_of(filters, width, height, scene.ascii)
    for number in range(grid.shown):
        left, top = grid.place(number)
        if 0 <= x - left < grid.size[0] and 0 <= y - top < grid.size[1]:
            plane = Plane(filters.values[number], mode="colours")
            found = cell_at(plane, grid.cls, x - left, y - top)
            return None if found is None else (number, *found)
    return None


def draw_filters(canvas: Canvas, scene: Scene) -> Words:
    """As many filters as fit, as large as they can be; blue is minus, red plus."""
    palette, filters = scene.palette, scene.run.filters
    if filters is None:
        text = scene.doing or scene.coming("They come with the first updates.")
        return scene.say_instead(canvas, Words((("filters", palette.dim),)), text)
    grid = grid_of(filters, canvas.width, canvas.height, scene.ascii)
    wide, high = grid.size
    scale = float(np.abs(filters.values[: grid.shown]).max()) or 1.0
    for number in range(grid.shown):
        x, y = grid.place(number)
        watched = _watched(scene, filters, number)
        plane = Plane(filters.values[number], scale=scale, mode="colours", now=watched)
        draw_plane(canvas, x, y, plane, grid.cls, palette)
        text = f"{number}"
        if wide >= _LABEL:
            text += f"  ‖w‖ {filters.norms[number]:.2f}"
        canvas.put(x, y + high, text, palette.now_text if watched else palette.dim)
    mean = f", mean of {filters.channels} channels" if filters.channels > 1 else ""
    return Words(
        ((f"{filters.name} ", palette.bold),
         (f"{grid.shown}", palette.bold), (f" of {filters.count}{mean}", palette.dim)),
        bottom_right=signed_key(palette, scale, width=5),
    )  # fmt: skip


def _watched(scene: Scene, filters: Filters, number: int) -> tuple[int, int] | None:
    """Row and column of the number that is watched, where it is one of this filter."""
    if scene.watch is None or scene.watch.entry[0] != filters.name:
        return None
    index = scene.watch.entry[1]
    if index[0] != number:
        return None
    rows, columns = filters.values.shape[1:]
    if len(index) == 4:
        return index[2], index[3]
    row, column = divmod(index[1] % (rows * columns), columns)
    return row, column


def _class(kept: int, rows: int, columns: int, room: tuple[int, int], ascii: bool) -> CellClass:
    """The largest pixels with which all filters fit, else the smallest."""
    smallest = finest(ascii)
    for cls in (*ENLARGED[:-1], blocks(3, 2), ENLARGED[-1], smallest):
        wide, high = cls.size(rows, columns)
        if (room[0] + 1) // (max(wide, 2) + 1) * (room[1] // (high + 1)) >= kept:
            return cls
    return smallest
