"""The rows that can be changed, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cnnsim.network.graph import INPUT
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.stage.prose import draw_prose
from cnnsim.tui.walk.views import Question
from cnnsim.tui.walk.whatif import Knob, LayerKey
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

#: Columns for the name of the layer before its rows.
_HEAD = 6


class WhatIfPanel(TabbedPanel):
    """Sizes, strides and paddings to try out; nothing of it touches the scenario."""

    label = "what if"
    help_text = """\
Try other sizes: left and right change the chosen number, H and L by ten, digits replace it,
backspace takes back a digit. Below 0 a padding becomes "same" and "full". Table, costs and fields
follow at once, and the file stays as it is. u takes an edit back, U does it again, x or delete
takes all of them back. Enter steps inside the changed network, with weights drawn anew."""

    class Turned(Message):
        """An arrow beside a value was clicked, or (by = 0) its row."""

        def __init__(self, place: LayerKey, by: int) -> None:
            super().__init__()
            self.place = place
            self.by = by

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._question: Question | None = None
        # (first column, row, place) of what the mouse can turn; by is told by the column.
        self._spots: list[tuple[int, int, int, LayerKey]] = []

    def show(self, question: Question) -> None:
        """Set rows and outcome."""
        self._question = question
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The rows, in two columns where there is room, and the words below them."""
        palette, question = self.palette, self._question
        title: list[Piece] = [("what if", palette.bold if self.has_focus else palette.dim)]
        right: list[Piece] = [] if self.has_focus else [("w", palette.bold)]
        bottom: list[Piece] = self._keys(canvas.width) if self.has_focus else []
        if self._tabs and not bottom:
            bottom = [("w", palette.bold), (" change", palette.dim)]
        self.draw_frame(canvas, title, right, bottom_left=bottom)
        self._spots = []
        if question is None:
            return
        inner = Canvas(canvas.width - 4, canvas.height - 2, palette.base)
        y = self._draw_rows(inner, question)
        rest = inner.height - y
        words = list(question.verdict)
        if question.others:
            more = "change" if question.others == 1 else "changes"
            words.append([(f"{question.others} {more} in other layers", "dim")])
        gap = 1 if rest > len(words) + 1 else 0
        draw_prose(inner, 0, y + gap, inner.width, rest - gap, words, palette)
        canvas.blit(inner, 2, 1)

    def _keys(self, width: int) -> list[Piece]:
        palette = self.palette
        entries = [("←→", "change"), ("0–9", "type"), ("u", "undo"), ("x", "as before"),
                   ("esc", "done")]  # fmt: skip
        pieces: list[Piece] = []
        room = width - 6
        for key, verb in entries:
            size = len(key) + len(verb) + 3
            if size > room:
                break
            pieces += [(key, palette.bold), (f" {verb}  ", palette.dim)]
            room -= size
        if pieces:
            pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
        return pieces

    def _draw_rows(self, canvas: Canvas, question: Question) -> int:
        """Draw the knobs; the first free row below them."""
        columns = 2 if canvas.width >= 54 else 1
        # Input and layer keep to their own rows, so that the layer's name stands before them.
        groups = (
            [knob for knob in question.knobs if knob.place[0] == INPUT],
            [knob for knob in question.knobs if knob.place[0] != INPUT],
        )
        y = 0
        for group in groups:
            for first in range(0, len(group), columns):
                for number, knob in enumerate(group[first : first + columns]):
                    x = number * (_HEAD + (canvas.width - _HEAD + 1) // columns)
                    head = (columns == 2 or canvas.width >= 36) and number == 0
                    name = knob.place[0] if head and first == 0 else ""
                    self._knob(canvas, x, y, knob, name, question, head)
                y += 1
        return y

    def _knob(
        self,
        canvas: Canvas,
        x: int,
        y: int,
        knob: Knob,
        name: str,
        question: Question,
        head: bool,
    ) -> None:
        palette = self.palette
        chosen = self.has_focus and question.knobs[question.at].place == knob.place
        if head:
            canvas.put(x, y, name if len(name) < _HEAD else f"{name[: _HEAD - 2]}…", palette.dim)
            x += _HEAD
        canvas.put(x, y, knob.key, palette.base if chosen else palette.dim)
        x += 9
        arrows = palette.bold if chosen else palette.dim
        self._spots.append((x, y, len(knob.text), knob.place))
        at = canvas.put(x, y, "‹", arrows)
        value = palette.selection_bold if chosen else palette.bold if knob.was else palette.base
        at = canvas.put(at, y, f" {knob.text} ", value)
        at = canvas.put(at, y, "›", arrows)
        if chosen and not palette.tinted:
            canvas.put(x - 1, y, "▸", palette.bold)
        if knob.was is not None:
            canvas.put(at + 1, y, f"was {knob.was}", palette.dim)

    def on_click(self, event: events.Click) -> None:
        """The arrows change a value, anything else chooses its row."""
        super().on_click(event)
        x, y = event.x - 2, event.y - 1
        hit: Sequence[tuple[int, int, int, LayerKey]] = [
            spot for spot in self._spots if spot[1] == y and spot[0] - 18 <= x <= spot[0] + 16
        ]
        if hit:
            left, _, size, place = min(hit, key=lambda spot: abs(spot[0] - x))
            by = (
                -1 if left <= x <= left + 1 else 1 if left + 2 + size <= x <= left + 4 + size else 0
            )
            self.post_message(self.Turned(place, by))
