"""A long list of steps, of which only what is in sight is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.bar import bar_text
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.ledger import sign_style
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.widgets.panel import Panel

_BAR = 10


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A step: what it adds, by which formula, where it stands; its share of the whole, or None."""

    term: float | None
    formula: str
    address: str
    share: float | None
    is_now: bool


class FlowList(Panel, can_focus=False):
    """Rows of steps with one of them chosen, ▸; the present step has a ●."""

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: tuple[FlowRow, ...] = ()
        self.chosen = 0
        self._first = 0
        self._empty = ""

    def show(self, rows: Sequence[FlowRow], empty: str) -> None:
        """Set the rows, or the words where there are none."""
        self.rows, self._empty = tuple(rows), empty
        self.chosen = self._first = 0
        self.repaint()

    def choose(self, number: int) -> None:
        """Choose a row, as near as there is one."""
        self.chosen = min(max(number, 0), max(len(self.rows) - 1, 0))
        self.repaint()

    @property
    def page(self) -> int:
        """How many rows are in sight."""
        return max(self.size.height, 1)

    def paint(self, canvas: Canvas) -> None:
        """The rows around the chosen one."""
        palette = self.palette
        if not self.rows:
            canvas.put(1, 0, self._empty, palette.dim)
            return
        self._first = min(max(self._first, self.chosen - canvas.height + 1), self.chosen)
        shown = self.rows[self._first : self._first + canvas.height]
        terms = max(len(number(row.term)) for row in shown)
        formulas = min(max(len(row.formula) for row in shown), canvas.width // 3)
        for y, row in enumerate(shown):
            chosen = self._first + y == self.chosen
            base, dim, bold = palette.base, palette.dim, palette.bold
            if chosen:
                base, dim = palette.selection, palette.selection_dim
                bold = palette.selection_bold
                canvas.fill(0, y, canvas.width, 1, " ", base)
            canvas.put(0, y, "▸" if chosen else " ", bold)
            canvas.put(1, y, "●" if row.is_now else " ", bold)
            x = 2
            if row.share is not None:
                share = (
                    f"{row.share:.0%}" if row.share >= 0.1 or not row.share else f"{row.share:.2%}"
                )
                canvas.put_right(x + 5, y, share, dim)
                canvas.put(x + 7, y, bar_text(row.share, _BAR), dim)
                x += _BAR + 9
            style = bold if chosen or row.term is None else sign_style(row.term, palette)
            canvas.put_right(x + terms, y, number(row.term) if row.term is not None else "", style)
            canvas.put(x + terms + 2, y, row.formula[:formulas], base)
            canvas.put(x + terms + formulas + 4, y, row.address, dim)

    def on_click(self, event: events.Click) -> None:
        """Choose a row; choosing the chosen one opens it."""
        number = self._first + event.y
        if number < len(self.rows):
            self.post_message(self.Chosen(number))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Down."""
        self.choose(self.chosen + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Up."""
        self.choose(self.chosen - 1)
