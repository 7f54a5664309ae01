"""What the optimiser makes of the gradient at hand, before it does it."""

from __future__ import annotations

from cnnsim.steps.address import bracketed
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.stage.prose import Paragraph, draw_prose
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
        """Index, before, gradient, after, and the rule; a low panel leaves out what comes first."""
        palette, update = self.palette, self._update
        self.draw_frame(canvas)
        if update is None:
            canvas.put(2, 1, "nothing is updated here"[: canvas.width - 4], palette.dim)
            return
        role = update.name.rpartition(".")[2]
        labels = {"index": update.name, "before": f"{role} now", "gradient": f"d{role}",
                  "after": f"{role} next"}  # fmt: skip
        room = canvas.height - 2
        for spare in ("before", "index", "gradient")[: max(len(labels) - room, 0)]:
            del labels[spare]
        for row, (what, label) in enumerate(labels.items(), 1):
            style = palette.bold if what == "index" else palette.dim
            canvas.put(2, row, label[: canvas.width - 4], style)
        for place, change in enumerate(update.changes):
            end = 2 + LABELS + (place + 1) * PITCH - 1
            if end > canvas.width - 2:
                break
            numbers = {"before": change.before, "gradient": change.gradient, "after": change.after}
            for row, what in enumerate(labels, 1):
                if what == "index":
                    text, style = bracketed(change.index)[-PITCH + 1 :], palette.dim
                else:
                    value = numbers[what]
                    now = palette.now_text if change.is_now else palette.base
                    text, style = number(value), palette.faint if value is None else now
                canvas.put_right(end, row, text, style)
        rule: Paragraph = [(f"{role} next = {update.rule}", "dim")]
        draw_prose(canvas, 2, 5, canvas.width - 4, room - 4, [rule], palette)
