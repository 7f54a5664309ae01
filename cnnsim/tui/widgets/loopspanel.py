"""The loop nest of the step at hand."""

from __future__ import annotations

from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import count, number
from cnnsim.tui.stage.terms import folded_after
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.steppanel import StepPanel


class LoopsPanel(StepPanel):
    """The loop nest, with where each counter stands."""

    label = "loops"
    help_text = """\
The loops that a program would run: one for each coordinate of the cell, then one for each of the
tap. The counter that has just turned is gold."""

    def show(self, view: View, previous: View | None, names: tuple[str, ...]) -> None:
        """Set the step; counters that differ from the `previous` one are gold."""
        self.view, self._names = view, names
        self._turned = _turned(view, previous)
        self.repaint()

    def paint_step(self, canvas: Canvas, view: View) -> None:
        """A line for each loop, indented where there is room, then the innermost statement."""
        palette, sweep = self.palette, view.sweep
        axes = [*zip(sweep.cell_axes, sweep.cells, view.position.cell, strict=True),
                *zip(sweep.tap_axes, sweep.taps, view.position.tap, strict=True)]  # fmt: skip
        room = canvas.height - 2
        while len(axes) + 1 > room and any(extent == 1 for _, extent, _ in axes):
            axes.remove(next(axis for axis in axes if axis[1] == 1))
        statement = len(axes) < room
        indent = 2 if canvas.width >= 48 else 1 if canvas.width >= 36 else 0
        wide = canvas.width >= 46
        bars = any(extent > 12 for _, extent, _ in axes) or not wide
        # Name, counter and extent, with a blank behind each.
        names = max(len(axis) for axis, _, _ in axes)
        bar = max(2 + names + 1 + 5 + 2 + max(len(count(e)) for _, e, _ in axes) + 1, 16)
        for row, (axis, extent, at) in enumerate(axes[:room]):
            gold = axis in self._turned
            left = 2 + indent * row
            if bars:
                canvas.pieces(
                    2, 1 + row,
                    [(f"{axis} ", palette.dim), (f"{at:>5}", palette.now_text if gold else
                     palette.base), (f" /{count(extent)}", palette.dim)],
                )  # fmt: skip
                draw_bar(canvas, bar, 1 + row, canvas.width - bar - 2, (at + 1) / extent, palette)
                continue
            canvas.put(left, 1 + row, f"for {axis} in range({extent}):", palette.dim)
            style = palette.now_text if gold else palette.base
            canvas.put(canvas.width - 11, 1 + row, f"{axis} = {at}", style)
        if statement:
            left = 2 if bars else 2 + indent * len(axes)
            self._statement(canvas, view, left, 1 + len(axes))

    def _statement(self, canvas: Canvas, view: View, x: int, y: int) -> None:
        palette = self.palette
        fold = view.sweep.fold
        formula = view.sweep.formula.format(*self._names)
        change = f"{number(view.reading.before)} → " if fold else ""
        after = number(folded_after(view, view.tap))
        right = canvas.width - 2 - len(change) - len(after)
        if fold is None:
            role = view.sweep.writes.rpartition(".")[2]
            text = [(f"{role} = ", palette.bold), (formula, palette.now_text)]
        elif fold.kept:
            text = [(f"acc = {fold.total}(acc, ", palette.bold), (formula, palette.now_text),
                    (")", palette.bold)]  # fmt: skip
        else:
            text = [("acc += ", palette.bold), (formula, palette.now_text)]
        width = sum(len(part) for part, _ in text)
        if width > canvas.width - 4:
            # Too narrow for the statement: what it does to the sum is what matters.
            canvas.pieces(2, y, [(change, palette.dim), (after, palette.now_text)])
            return
        canvas.pieces(min(x, max(right - width - 2, 2)), y, text)
        if right > 2 + width + 1:
            canvas.pieces(right, y, [(change, palette.dim), (after, palette.now_text)])


def _turned(view: View, previous: View | None) -> set[str]:
    """The axes whose counter differs from the previous step's; the last one if unknown."""
    sweep = view.sweep
    axes = (*sweep.cell_axes, *sweep.tap_axes)
    here = (*view.position.cell, *view.position.tap)
    if previous is None or previous.position.sweep != view.position.sweep:
        return {axes[-1]}
    there = (*previous.position.cell, *previous.position.tap)
    found = {axis for axis, a, b in zip(axes, here, there, strict=True) if a != b}
    return found or {axes[-1]}
