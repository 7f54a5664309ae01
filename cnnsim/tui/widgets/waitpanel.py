"""What is being computed before a step can be shown: every layer with its shape and state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.widgets.panel import Panel


@dataclass(frozen=True, slots=True)
class Waiting:
    """A layer's line: name, shape, multiply-adds, and how much of it is computed, 0..1."""

    layer: str
    shape: str
    macs: int
    share: float


class WaitPanel(Panel, can_focus=False):
    """A table of layers that fills up."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._title = ""
        self._rows_shown: tuple[Waiting, ...] = ()

    def show(self, title: str, rows: Sequence[Waiting]) -> None:
        """Set what is waited for, and the layers."""
        self._title, self._rows_shown = title, tuple(rows)
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The layers around the one at work."""
        palette = self.palette
        canvas.frame(palette, title=[(self._title, palette.bold)])
        rows, room = self._rows_shown, canvas.height - 2
        at = next((n for n, row in enumerate(rows) if row.share < 1), len(rows))
        first = min(max(at - room // 2, 0), max(len(rows) - room, 0))
        for y, row in enumerate(rows[first : first + room], 1):
            style = palette.base if row.share > 0 else palette.dim
            mark = "✓" if row.share >= 1 else "▸" if row.share > 0 else "·"
            canvas.put(2, y, mark, palette.good if row.share >= 1 else style)
            canvas.put(4, y, row.layer[:16], palette.bold if 0 < row.share < 1 else style)
            canvas.put(21, y, row.shape, style)
            canvas.put_right(50, y, count(row.macs) if row.macs else "", style)
            width = min(canvas.width - 55, 40)
            if 0 < row.share < 1 and width >= 4:
                draw_bar(canvas, 53, y, width, row.share, palette)
