"""What the optimiser makes of the gradient at hand, before it does it."""

from __future__ import annotations

from cnnsim.steps.address import bracketed
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.stage.update import Update
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

#: Columns of a number, and of the names before them.
PITCH, LABELS = 11, 9


class UpdatePanel(TabbedPanel):
    """Parameter, gradient, and the parameter after the update, side by side."""

    label = "update"
    help_text = """\
The numbers of this parameter as they are, their gradients, and what the optimiser makes of them at
the end of the iteration. A dot is not computed yet."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._update: Update | None = None

    @property
    def columns(self) -> int:
        """How many numbers there is room for."""
        return max((self.size.width - 4 - LABELS) // PITCH, 1)

    def show(self, update: Update | None) -> None:
        """Set what is shown."""
        self._update = update
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """Index, before, gradient, after."""
        palette, update = self.palette, self._update
        self.draw_frame(canvas)
        if update is None:
            canvas.put(2, 1, "nothing is updated here"[: canvas.width - 4], palette.dim)
            return
        role = update.name.rpartition(".")[2]
        rows = (f"{role} now", f"d{role}", f"{role} next")
        canvas.put(2, 1, update.name[: canvas.width - 4], palette.bold)
        for row, label in enumerate(rows, 2):
            canvas.put(2, row, label, palette.dim)
        for place, change in enumerate(update.changes):
            end = 2 + LABELS + (place + 1) * PITCH - 1
            if end > canvas.width - 2:
                break
            index = bracketed(change.index)
            canvas.put_right(end, 1, index[-PITCH + 1 :], palette.dim)
            for row, value in enumerate((change.before, change.gradient, change.after), 2):
                style = palette.now_text if change.is_now else palette.base
                text = number(value)
                canvas.put_right(end, row, text, palette.faint if value is None else style)
        if canvas.height > 6:
            canvas.put(2, 5, f"{role} next = {update.rule}"[: canvas.width - 4], palette.dim)
