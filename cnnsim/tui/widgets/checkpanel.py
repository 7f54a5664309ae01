"""The live check of a gradient: what the sweep says beside a difference of the loss."""

from __future__ import annotations

from cnnsim.stepper.line import SlopeCheck
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import number, small
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class CheckPanel(TabbedPanel):
    """Analytic and numeric gradient of the cell at hand."""

    label = "check"
    help_text = """\
The gradient of this cell, worked out twice: by the sweep, and by moving the number a little and
looking how much the loss changes. Where the function has a kink (a ReLU at 0, a maximum that moves)
the difference says nothing, and the panel says so."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._check: SlopeCheck | None = None
        self._entry = ""
        self._why = ""

    def show(self, name: str, check: SlopeCheck | None, why: str) -> None:
        """Set the entry and its check, or `why` there is none."""
        self._entry, self._check, self._why = name, check, why
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """Four lines."""
        palette, check = self.palette, self._check
        self.draw_frame(canvas)
        canvas.put(2, 1, self._entry, palette.bold)
        if check is None:
            canvas.put(2, 2, self._why, palette.dim)
            return
        rows = (
            ("analytic", number(check.analytic)),
            ("numeric", number(float(f"{check.numeric:.10g}"))),
            ("rel. error", small(check.relative_error)),
        )
        for y, (label, text) in enumerate(rows, 2):
            canvas.pieces(2, y, [(f"{label:<12}", palette.dim), (text, palette.base)])
        if check.is_kink:
            verdict = [("kink", palette.bold), (": the difference says nothing here", palette.dim)]
        elif check.ok:
            verdict = [("✓ agree", palette.good)]
        else:
            verdict = [("✗ they differ", palette.bold)]
        canvas.pieces(2, 5, verdict)
