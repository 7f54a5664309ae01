"""The chosen scenario at a glance."""

from __future__ import annotations

from dataclasses import replace

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import XL, choose_class, small
from cnnsim.tui.drawing.plane import draw_plane, fit, size_of, value_width
from cnnsim.tui.home.preview import Preview
from cnnsim.tui.stage.prose import Paragraph, draw_prose, markdown, wrap
from cnnsim.tui.widgets.panel import Panel

#: Matrices get tall cells where at least so many rows are left for them.
_TALL = 22


class PreviewPanel(Panel, can_focus=False):
    """Title, what it shows, goal, facts, and the matrices of its first layer."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._preview: Preview | None = None
        self._mark = ""
        self._error = ""

    def show(self, preview: Preview | None, mark: str, error: str = "") -> None:
        """Set the scenario, where one was in it, and what is wrong with it."""
        self._preview, self._mark, self._error = preview, mark, error
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """Words first, matrices where room is left, keys last."""
        palette, preview = self.palette, self._preview
        if preview is None:
            canvas.frame(palette)
            canvas.put(2, 1, "Nothing is chosen: jk or a click chooses.", palette.dim)
            return
        width = canvas.width - 4
        paragraphs: list[Paragraph] = [[(preview.title, "bold")], [], *markdown(preview.about)]
        if self._error:
            paragraphs += [[], *([(f"✗ {line}", "bold")] for line in self._error.split("\n"))]
        room = canvas.height - 5
        y = 1 + min(draw_prose(canvas, 2, 1, width, room, paragraphs, palette), room) + 1
        for label, text in preview.facts:
            if y >= canvas.height - 3:
                break
            canvas.put(2, y, label, palette.dim)
            lines = len(wrap([[(text, "base")]], width - 9))
            left = canvas.height - 3 - y
            draw_prose(canvas, 11, y, width - 9, left, [[(text, "base")]], palette)
            y += min(lines, left)
        self._matrices(canvas, preview, y + 1)
        foot = canvas.height - 2
        begin = " from the first step" if width >= 27 else " from step 0"
        canvas.pieces(2, foot, [("▸ ", palette.now_text), ("enter", palette.bold),
                                (begin, palette.dim)])  # fmt: skip
        if self._mark:
            # Beside it, or above it.
            text = f" resume at {self._mark}"
            x, y = (32, foot) if 33 + len(text) <= canvas.width - 2 else (4, foot - 1)
            text = _resuming(self._mark, canvas.width - 3 - x)
            canvas.pieces(x, y, [("r", palette.bold), (text, palette.dim)])
        # Last, over words that are wider than the panel.
        canvas.frame(palette, title=[(preview.source.rpartition("/")[2], palette.bold)])

    def _matrices(self, canvas: Canvas, preview: Preview, y: int) -> None:
        height = canvas.height - 3 - y
        width = canvas.width - 4
        if not preview.matrices or height < 4:
            return
        planes = [replace(plane, labels=False) for _, _, plane in preview.matrices]
        widths = max(value_width(plane) for plane in planes)
        cls = choose_class(
            [plane.outer for plane in planes],
            width,
            height - 1,
            widths,
            gap=3,
            frame=(0, 0),
            largest=XL if height >= _TALL else small(widths),
            half_blocks=not self.cnnsim.ascii,
        )
        x = 2
        share = width // len(planes) - 3
        for (name, shape, _), plane in zip(preview.matrices, planes, strict=True):
            shown = plane
            if cls.is_map:
                shown, _ = fit(plane, share, height - 1, cls)
            size = size_of(shown, cls)
            if x + size[0] > canvas.width - 2 or size[1] > height - 1:
                return
            canvas.pieces(x, y, [(name, self.palette.bold), (f" {shape}", self.palette.dim)])
            draw_plane(canvas, x, y + 1, shown, cls, self.palette)
            x += max(size[0], len(name) + len(shape) + 1) + 3


def _resuming(address: str, room: int) -> str:
    """What r does: with the whole address, its cell, its sweep or its layer, as far as fits."""
    places = [address, *(address.partition(mark)[0] for mark in " [.")]
    forms = [f" resume at {place}" for place in places]
    return next((form for form in forms if len(form) <= room), " resume")
