"""What the panels about one step share."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class StepPanel(TabbedPanel):
    """A panel about one step. Subclasses override `paint_step`."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View | None = None

    def paint(self, canvas: Canvas) -> None:
        """The frame, and within it what there is to say of the step."""
        self.draw_frame(canvas)
        if self.view is not None:
            self.paint_step(canvas, self.view)

    def paint_step(self, canvas: Canvas, view: View) -> None:
        """Draw inside of the frame, which is there."""
