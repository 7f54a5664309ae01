"""An app of nothing but one panel, for tests of what it paints."""

from __future__ import annotations

from textual.app import App, ComposeResult

from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.widgets.panel import Panel


class Alone(App[None]):
    """The panel takes the whole screen."""

    palette, ascii = DARK, False

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel
