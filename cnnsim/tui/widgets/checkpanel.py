"""The live check of a gradient: what the sweep says beside a difference of the loss."""

from __future__ import annotations

from cnnsim.stepper.line import SlopeCheck
from cnnsim.tui.drawing.canvas import Canvas, cut_pieces
from cnnsim.tui.drawing.numbers import number, small
from cnnsim.tui.stage.prose import Paragraph, draw_prose
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
        """The entry, then both gradients and what they say, or why there is no check."""
        palette, check = self.palette, self._check
        self.draw_frame(canvas)
        inner = Canvas(canvas.width - 4, canvas.height - 2, palette.base)
        width, height = inner.width, inner.height
        if not width:
            return
        inner.pieces(0, 0, cut_pieces([(self._entry, palette.bold)], width))
        verdict: Paragraph
        if check is None:
            top, verdict = 1, [(self._why, "dim")]
        else:
            rows = (
                ("analytic", number(check.analytic)),
                ("numeric", number(float(f"{check.numeric:.10g}"))),
                ("rel. error", small(check.relative_error)),
            )
            for y, (label, text) in enumerate(rows, 1):
                row = [(f"{label:<12}", palette.dim), (text, palette.base)]
                inner.pieces(0, y, cut_pieces(row, width))
            top = 1 + len(rows)
            if check.is_kink:
                verdict = [("kink", "bold"), (": the difference says nothing here", "dim")]
            elif check.ok:
                verdict = [("✓ agree", "good")]
            else:
                verdict = [("✗ they differ", "bold")]
        draw_prose(inner, 0, top, width, height - top, [verdict], palette)
        canvas.blit(inner, 2, 1)
