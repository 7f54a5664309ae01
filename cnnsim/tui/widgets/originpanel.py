"""Where the indices of the values that are read come from."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.numbers import count, number
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.stage.narrate import origins
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.steppanel import StepPanel


class OriginPanel(StepPanel):
    """Where the indices of the values come from."""

    label = "where from"
    help_text = """\
How row and column of the value that is read follow from the cell and the tap, with the numbers
filled in; then the values themselves and the term."""

    def show(self, view: View, names: tuple[str, ...]) -> None:
        """Set the step and the names of its reads."""
        self.view, self._names = view, names
        self.repaint()

    def paint_step(self, canvas: Canvas, view: View) -> None:
        """Origins, values, term, places."""
        palette, width = self.palette, canvas.width - 4
        lines: list[list[Piece]] = []
        for label, formula, filled, value in origins(view):
            gold = palette.now_text
            if canvas.height > 14:
                lines.append([(f"{label} ", palette.bold), (f"= {formula}", palette.dim)])
                indent = f"{'':<{len(label)}} = "
                if len(indent) + len(filled) + 3 + len(value) > width:
                    lines.append([(f"{indent}{filled}", palette.dim)])
                    lines.append([(indent, palette.dim), (value, gold)])
                else:
                    lines.append([(f"{indent}{filled} = ", palette.dim), (value, gold)])
            else:
                line = [(f"{label} ", palette.bold), (f"{filled} = ", palette.dim), (value, gold)]
                if sum(len(text) for text, _ in line) > width:
                    lines.append([(f"{label} ", palette.bold), (filled, palette.dim)])
                    line = [(f"{'':<{len(label)}} = ", palette.dim), (value, gold)]
                lines.append(line)
        if lines:
            lines.append([])
        for name, read in zip(self._names, view.reading.reads, strict=False):
            shown = number(read.value)
            room = width - len(shown)
            name = name if len(name) < room else f"{name[: room - 2]}…"
            lines.append([(f"{name:<{room}}", palette.dim), (shown, palette.bold)])
        if view.sweep.formula != "{0}":
            shown = number(view.reading.term)
            what = "product" if view.sweep.is_product else "term"
            style = palette.minus if (view.reading.term or 0) < 0 else palette.plus
            lines.append([(f"{what:<{width - len(shown)}}", palette.dim), (shown, style)])
        lines += [
            [],
            _of("cell", view.cell, view.sweep.cell_count, width, palette),
            _of("tap", view.tap, view.sweep.tap_count, width, palette),
        ]
        if view.reading.mac is not None:
            lines.append([(f"mac  {count(view.reading.mac)}", palette.dim)])
        if view.reading.why:
            lines.insert(0, [(f"░ {view.reading.why}", palette.bold)])
        room = canvas.height - 2
        while len(lines) > room and [] in lines:
            lines.remove([])
        for row, line in enumerate(lines[:room]):
            inner = Canvas(width, 1, palette.base)
            inner.pieces(0, 0, line)
            canvas.blit(inner, 2, 1 + row)


def _of(what: str, number: int, total: int, width: int, palette: Palette) -> list[Piece]:
    """``cell 3 of 4``; large counts lose their thousands separators where there is no room."""
    text = f"{what:<4} {count(number + 1)} of {count(total)}"
    return [(text if len(text) <= width else text.replace(",", ""), palette.dim)]
