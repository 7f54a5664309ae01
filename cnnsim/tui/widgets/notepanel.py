"""The step in words, and the notes of the tour."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from cnnsim.amounts import counted
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.stage.prose import Paragraph, draw_prose, wrap_into
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.steppanel import StepPanel

#: In so many rows a note has no empty lines, and a page is all of them.
_FEW_ROWS = 4


class NotePanel(StepPanel):
    """What is happening, in words."""

    label = "what is happening"
    help_text = """\
The step in words. At a stop of the tour its note comes first; n and N go to the next and previous
note. Scroll with the mouse wheel or page up and page down where the note is longer."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._paragraphs: list[Paragraph] = []
        self._first = 0
        self._lines: Sequence[Paragraph] = ()

    def show(self, view: View, paragraphs: list[Paragraph]) -> None:
        """Set the step and its words."""
        if self.view is None or self.view.step != view.step:
            self._first = 0
        self.view, self._paragraphs = view, paragraphs
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The words, wrapped."""
        view, palette = self.view, self.palette
        right: list[Piece] = []
        if view is not None and view.stops:
            here = f"note {view.stop_number + 1} of {view.stops}" if view.stop else (
                counted(view.stops, "note")
            )  # fmt: skip
            right = [(here, palette.good if view.stop else palette.dim)]
        room = canvas.height - 2
        # Where rows are few none of them is left empty.
        paragraphs = [text for text in self._paragraphs if text or room > _FEW_ROWS]
        self._lines = wrap_into(paragraphs, canvas.width - 4, room)
        more = [("PgDn", palette.bold)] if len(self._lines) > self._first + room else []
        self.draw_frame(canvas, right=right, bottom_right=more)
        draw_prose(canvas, 2, 1, canvas.width - 4, room, paragraphs, palette, self._first)

    def scroll_lines(self, lines: int) -> None:
        """Scroll within the note, to a line that says something."""
        last = max(len(self._lines) - max(self.size.height - 2, 1), 0)
        first = min(max(self._first + lines, 0), last)
        while 0 < first < last and not any(text.strip() for text, _ in self._lines[first]):
            first += 1 if lines > 0 else -1
        self._first = first
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Down."""
        self.scroll_lines(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Up."""
        self.scroll_lines(-1)

    def page(self, direction: int) -> None:
        """Scroll by what is in sight, less a line where there are several."""
        room = max(self.size.height - 2, 1)
        self.scroll_lines(direction * (room - (room > _FEW_ROWS)))
