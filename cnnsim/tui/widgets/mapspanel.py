"""The maps that a layer puts out, where they have been computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.cellclass import ENLARGED, CellClass, finest
from cnnsim.tui.drawing.key import signed_key
from cnnsim.tui.drawing.plane import Plane, draw_plane, fit, size_of
from cnnsim.tui.stage.maps import Maps
from cnnsim.tui.stage.prose import draw_prose
from cnnsim.tui.stage.slice import slice_at
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

#: As many maps as can be told apart should fit, if need be with fewer pixels each.
_WANTED = 6


class MapsPanel(TabbedPanel):
    """The first maps of the selected layer's output."""

    label = "maps"
    help_text = """\
What the selected layer puts out, map by map, as far as it has been computed: blue is negative, red
positive. The colours reach as far as the largest number of the whole layer."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._maps: Maps | None = None

    def show(self, maps: Maps) -> None:
        """Set the output."""
        self._maps = maps
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """As many maps as fit, channel numbers above them."""
        palette, maps = self.palette, self._maps
        if maps is None or maps.values is None:
            self.draw_frame(canvas, [("maps ", palette.dim), (maps.name if maps else "",
                                     palette.bold)])  # fmt: skip
            if maps is not None:
                draw_prose(canvas, 2, 1, canvas.width - 4, canvas.height - 2,
                           [[(maps.why, "dim")]], palette)  # fmt: skip
            return
        values = maps.values
        planes = values if values.ndim == 3 else slice_at(values.shape, (0,)).values(values)[None]
        finite = values[np.isfinite(values)]
        scale = float(np.abs(finite).max()) if finite.size else 1.0
        room = (canvas.width - 4, canvas.height - 2)
        step, across, down = _arrange(planes.shape, room, self.cnnsim.ascii)
        cls = finest(self.cnnsim.ascii)
        large = _enlarged(planes.shape, room)
        if large:
            (cls, across, down), step = large, 1
        shown = min(across * down, len(planes))
        right: Sequence[Piece] = ()
        if scale:
            right = signed_key(palette, scale)
        first = min(max((maps.now or 0) - shown // 2, 0), len(planes) - shown)
        count = f" {first}–{first + shown - 1} of {len(planes)}" if len(planes) > 1 else ""
        self.draw_frame(
            canvas, [("maps ", palette.dim), (maps.name, palette.bold), (count, palette.dim)],
            bottom_right=right,
        )  # fmt: skip
        for place in range(shown):
            number = first + place
            plane = Plane(np.asarray(planes[number], np.float64), scale=scale or 1.0)
            small = plane if large else fit(plane, -(-plane.cols // step), 10**6, cls)[0]
            wide, high_rows = size_of(small, cls)
            x, y = 2 + place % across * (wide + 1), 1 + place // across * (high_rows + 1)
            style = palette.now_text if number == maps.now else palette.dim
            canvas.put(x, y, str(number) if len(planes) > 1 else "", style)
            draw_plane(canvas, x, y + 1, small, cls, palette)


def _enlarged(shape: tuple[int, ...], room: tuple[int, int]) -> tuple[CellClass, int, int] | None:
    """The largest pixels in which all maps have room, and how many stand across and down."""
    count, rows, columns = shape
    for cls in ENLARGED[1:]:
        wide, high = cls.size(rows, columns)
        across, down = (room[0] + 1) // (wide + 1), room[1] // (high + 1)
        if across * down >= count:
            return cls, across, down
    return None


def _arrange(shape: tuple[int, ...], room: tuple[int, int], ascii: bool) -> tuple[int, int, int]:
    """How many pixels go into one, and how many maps stand across and down."""
    count, rows, columns = shape
    best = (1, 1, 1)
    for step in range(1, max(rows, columns) + 1):
        wide = -(-columns // step)
        high = -(-rows // step)
        high = high if ascii else (high + 1) // 2
        across, down = (room[0] + 1) // (wide + 1), room[1] // (high + 1)
        if across and down:
            best = (step, across, down)
            if across * down >= min(count, _WANTED) or min(wide, high) <= 4:
                break
    return best
