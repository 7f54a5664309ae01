"""Why a layer has its shape and costs, with the numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from cnnsim.network.layer import Why
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.stage.prose import wrap
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)")


class WhyPanel(TabbedPanel):
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
        lines = self._lines
        if self.cnnsim.ascii:
            # A dot that touches nothing would become a full stop.
            lines = tuple(
                line._replace(formula=line.formula.replace(" · ", " * ")) for line in lines
            )
        width = canvas.width - 4
        rows = why_rows(lines, width, palette)
        if len(lines) > 1 and len(rows) < canvas.height - 2:
            # A blank line sets apart what comes in, where there is room for it.
            label = label_width(lines)
            rows[len(parts_of(lines[0], width - label)) : 0] = [([], "")]
        for y, (left, right) in enumerate(rows[: canvas.height - 2], 1):
            canvas.pieces(2, y, left)
            canvas.put_right(canvas.width - 2, y, right, palette.bold)


def label_width(lines: Sequence[Why]) -> int:
    """Columns for the labels, with a blank after them."""
    return max((cell_len(line.label) for line in lines), default=0) + 1


def parts_of(line: Why, width: int) -> list[str]:
    """The formula in lines of at most `width` characters."""
    if cell_len(line.formula) <= width:
        return [line.formula]
    return ["".join(text for text, _ in words) for words in wrap([[(line.formula, "")]], width)]


def why_rows(lines: Sequence[Why], width: int, palette: Palette) -> list[tuple[list[Piece], str]]:
    """(left pieces, result) of each row; a formula that leaves no room sends its result below."""
    label = label_width(lines)
    rows: list[tuple[list[Piece], str]] = []
    for line in lines:
        room = max(width - label, 4)
        parts = parts_of(line, room)
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
