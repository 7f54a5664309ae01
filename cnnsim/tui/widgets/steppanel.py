"""What the panels about one step share."""

from __future__ import annotations

from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class StepPanel(TabbedPanel):
    """A panel about one step."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View | None = None
