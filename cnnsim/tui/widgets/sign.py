"""The sign between two matrices: ⋆, ∗, · or =."""

from __future__ import annotations

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.widgets.panel import Panel


class Sign(Panel, can_focus=False):
    """One character in the middle of the gap."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def paint(self, canvas: Canvas) -> None:
        """In the middle."""
        canvas.put(canvas.width // 2, canvas.height // 2, self._text, self.palette.base)
