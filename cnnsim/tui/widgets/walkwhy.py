"""Why a layer has its shape and costs, with the numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from cnnsim.network.layer import Why
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.stage.prose import wrap
from cnnsim.tui.widgets.walkpanel import WalkPanel

_NUMBER = re.compile(r"(\d[\d,.]*)")


class WhyPanel(WalkPanel):
    """One line for each number: what it is, how it comes about, its value."""

    label = "why"
    help_text = """\
Where the layer's numbers come from. The side of an output map is ⌊(input + padding − kernel) /
stride⌋ + 1; parameters are counted with their bias, MACs (multiply-adds) without; a receptive
field grows by (kernel − 1) times the jump, the pixels between two neighbouring units."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._subject = ""
        self._lines: tuple[Why, ...] = ()

    def show(self, name: str, lines: Sequence[Why]) -> None:
        """Set the layer and its reasons."""
        self._subject, self._lines = name, tuple(lines)
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The lines, formulas in the middle, results at the right."""
        palette = self.palette
        title: list[Piece] = [("why this shape  ", palette.dim), (self._subject, palette.bold)]
        self.draw_frame(canvas, title[1:] if self._tabs else title)
        rows = why_rows(self._lines, canvas.width - 4, palette)
        # A blank line sets the input apart where there is room for it.
        apart = len(rows) + 1 <= canvas.height - 2
        y = 1
        for number, (left, right) in enumerate(rows):
            if y >= canvas.height - 1:
                break
            canvas.pieces(2, y, left)
            if right:
                canvas.put_right(canvas.width - 2, y, right, palette.bold)
            y += 2 if number == 0 and apart and len(rows) > 1 and not right else 1


def why_rows(lines: Sequence[Why], width: int, palette: Palette) -> list[tuple[list[Piece], str]]:
    """(left pieces, result) of each row; a formula that leaves no room sends its result below."""
    label = max((cell_len(line.label) for line in lines), default=0) + 1
    rows: list[tuple[list[Piece], str]] = []
    for line in lines:
        room = max(width - label, 4)
        parts = [
            "".join(text for text, _ in words) for words in wrap([[(line.formula, "base")]], room)
        ] or [""]
        if cell_len(line.formula) <= room:
            parts = [line.formula]
        for number, part in enumerate(parts):
            head = line.label if number == 0 else ""
            rows.append(([(head.ljust(label), palette.dim), *_formula(part, palette)], ""))
        if line.result:
            if cell_len(parts[-1]) + 1 + cell_len(line.result) <= room:
                rows[-1] = (rows[-1][0], line.result)
            else:
                rows.append(([], line.result))
    return rows


def _formula(text: str, palette: Palette) -> list[Piece]:
    """Numbers stand out, signs and words are quiet."""
    parts: list[str] = _NUMBER.split(text)
    return [
        (part, palette.base if number % 2 else palette.dim)
        for number, part in enumerate(parts)
        if part
    ]
