"""The timeline: the whole run on one line; click or drag to go anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.timeline import Tick, draw_timeline, fraction_at
from cnnsim.tui.widgets.panel import Panel


class Timeline(Panel, can_focus=False):
    """Two rows: the rail, and the labels of its ticks."""

    class Dragged(Message):
        """A place on the rail, 0..1."""

        def __init__(self, fraction: float) -> None:
            super().__init__()
            self.fraction = fraction

        def can_replace(self, message: Message) -> bool:
            """Only the latest place matters."""
            return isinstance(message, Timeline.Dragged)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ticks: tuple[Tick, ...] = ()
        self._position = 0.0
        self._dragging = False

    def show(self, ticks: Sequence[Tick], position: float) -> None:
        """Set ticks and position, 0..1."""
        self._ticks, self._position = tuple(ticks), position
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The rail with a margin of two columns."""
        draw_timeline(canvas, 2, 0, canvas.width - 4, self._ticks, self._position, self.palette)

    def _go(self, x: int) -> None:
        self.post_message(self.Dragged(fraction_at(x - 2, self.size.width - 4)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the rail."""
        self._dragging = True
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag, for as long as a button is down: where it was let go may never be heard."""
        if self._dragging and not event.button:
            self._let_go()
        elif self._dragging:
            self._go(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go, and go to where that was."""
        if self._dragging:
            self._go(event.x)
            self._let_go()

    def _let_go(self) -> None:
        self._dragging = False
        self.release_mouse()
