"""A long list of steps, of which only what is in sight is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cnnsim.tui.drawing.bar import bar_text
from cnnsim.tui.drawing.canvas import Canvas, cut_pieces
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
        self._shares: list[str] = []

    def show(self, rows: Sequence[FlowRow], empty: str) -> None:
        """Set the rows, or the words where there are none."""
        self.rows, self._empty = tuple(rows), empty
        self._shares = _percentages(rows)
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
        above, below = self._first, len(self.rows) - self._first - len(shown)
        unseen = {0: f" ↑{above}" if above else ""}
        unseen[len(shown) - 1] = unseen.get(len(shown) - 1, "") + (f" ↓{below}" if below else "")
        terms = max(len(number(row.term)) for row in shown)
        formulas = min(max(len(row.formula) for row in shown), canvas.width // 3)
        share = max(map(len, self._shares))
        used = 3 + (share + 2 if share else 0) + terms + 2 + formulas + 2
        # Where the addresses would be cut, the bars go.
        addresses = max(len(row.address) for row in shown)
        bar = _BAR if share and used + _BAR + 2 + addresses <= canvas.width else 0
        for y, row in enumerate(shown):
            chosen = self._first + y == self.chosen
            base, dim, bold = palette.base, palette.dim, palette.bold
            if chosen:
                base, dim = palette.selection, palette.selection_dim
                bold = palette.selection_bold
                canvas.fill(0, y, canvas.width, 1, " ", base)
            canvas.put(0, y, "▸" if chosen else " ", bold)
            canvas.put(1, y, "●" if row.is_now else " ", bold)
            x = 3
            if row.share is not None:
                canvas.put_right(x + share, y, self._shares[self._first + y], dim)
                x += share + 2
                if bar:
                    canvas.put(x, y, bar_text(row.share, bar), dim)
                    x += bar + 2
            style = bold if chosen or row.term is None else sign_style(row.term, palette)
            canvas.put_right(x + terms, y, number(row.term) if row.term is not None else "", style)
            x += terms + 2
            canvas.pieces(x, y, cut_pieces([(row.formula, base)], formulas))
            x += formulas + 2
            room = canvas.width - x - len(unseen.get(y, ""))
            canvas.pieces(x, y, cut_pieces([(row.address, dim)], max(room, 1)))
            canvas.put_right(canvas.width, y, unseen.get(y, ""), dim)

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


def _percentages(rows: Sequence[FlowRow]) -> list[str]:
    """The shares, with as many decimals as the smallest one needs; empty where there are none."""
    known = [row.share for row in rows if row.share]
    least = min(known, default=1.0)
    decimals = 0 if least >= 0.1 else 1 if least >= 0.01 else 2
    return ["" if row.share is None else f"{row.share:.{decimals}%}" for row in rows]
