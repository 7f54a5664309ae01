"""A list of scenarios in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.message import Message

from cnnsim.tui.drawing.bar import bar_text
from cnnsim.tui.drawing.canvas import Canvas, cut_pieces
from cnnsim.tui.home.listing import DONE, ListRow
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel

#: A title that is cut to less tells nothing.
_LEAST_CUT = 16


class ListPanel(TabbedPanel):
    """Rows with one of them chosen; the screen moves the choice."""

    help_text = """\
Scenarios to open: ● seen to the end, ◐ begun, ○ not yet. Enter or a click opens the chosen one at
its first step, r goes on where you were, w opens its shape walk, / shows only what holds a word."""

    class Chosen(Message):
        """A row was clicked; `open` with a second click."""

        def __init__(self, panel: ListPanel, number: int, open: bool) -> None:
            super().__init__()
            self.panel = panel
            self.number = number
            self.open = open

    def __init__(self, title: str, right: str, *, id: str) -> None:
        super().__init__(id=id)
        self.label, self._right, self._empty = title, right, ""
        self.rows: tuple[ListRow, ...] = ()
        self.chosen: int | None = None
        self._first = 0
        self._pitch = 1
        # The row that each line belongs to, for the mouse.
        self._lines: list[int] = []

    def show(self, rows: Sequence[ListRow], chosen: int | None, empty: str) -> None:
        """Set the rows, which of them is chosen, None for none, and what stands for no rows."""
        self.rows, self.chosen, self._empty = tuple(rows), chosen, empty
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The rows around the chosen one."""
        palette = self.palette
        room = canvas.height - 2
        if not self.rows:
            self._frame(canvas, "")
            canvas.pieces(2, 1, cut_pieces([(self._empty, palette.dim)], max(canvas.width - 4, 1)))
            return
        chosen = self.chosen or 0
        has_bar = self.chosen is not None and 0 < self.rows[chosen].share < 1
        # With room to spare every second line is empty, but for the rail of the lessons.
        self._pitch = 2 if 2 * len(self.rows) <= room else 1
        lines = room if self._pitch == 2 or not has_bar or room <= 2 else room - 1
        self._first = min(max(self._first, chosen - lines + 1), chosen)
        above, below = self._first, max(len(self.rows) - self._first - lines, 0)
        unseen = [f"{arrow}{count}" for arrow, count in (("↑", above), ("↓", below)) if count]
        self._frame(canvas, " ".join(unseen))
        names = max(cell_len(row.name) for row in self.rows)
        widths = [
            max(len(row.numbers[column]) for row in self.rows)
            for column in range(len(self.rows[0].numbers))
        ]
        self._lines = []
        for number, row in enumerate(self.rows[self._first : self._first + lines], self._first):
            y = 1 + len(self._lines)
            self._paint_row(canvas, y, row, number == self.chosen, names, widths)
            self._lines.append(number)
            bar = number == self.chosen and has_bar and room > 2
            if bar or self._pitch == 2:
                self._lines.append(number)
            if row.mark and self._pitch == 2 and number + 1 < len(self.rows):
                canvas.put(4, y + 1, "│", palette.past if row.mark == DONE else palette.line)
            if bar:
                width = max(canvas.width - 14, 4)
                canvas.put(6, y + 1, bar_text(row.share, width), palette.past)
                canvas.put_right(canvas.width - 2, y + 1, f"{row.share:.0%}", palette.dim)

    def _frame(self, canvas: Canvas, unseen: str) -> None:
        """The border, with how many rows lie beyond it."""
        dim = self.palette.dim
        right, below = [(self._right, dim)], [(unseen, dim)] if unseen else []
        # Among tabs the key for them stands where the columns have their title.
        self.draw_frame(canvas, (), right, right if self._tabs else (), below)

    def _paint_row(
        self, canvas: Canvas, y: int, row: ListRow, chosen: bool, names: int, widths: list[int]
    ) -> None:
        palette = self.palette
        bold, dim, base = palette.bold, palette.dim, palette.base
        if chosen:
            bold, dim, base = palette.selection_bold, palette.selection_dim, palette.selection
            canvas.fill(1, y, canvas.width - 2, 1, " ", base)
            canvas.put(0, y, "▐", palette.now_text)
            canvas.put(2, y, "▸", bold)
        x = 4
        if row.mark:
            canvas.put(x, y, row.mark, dim)
            x += 2
        right = canvas.width - 2
        for width, text in reversed(list(zip(widths, row.numbers, strict=True))):
            canvas.put_right(right, y, text, base)
            right -= width + 1 if width else 0
        canvas.pieces(x, y, cut_pieces([(row.name, bold)], max(right - x, 1)))
        x += names + 2
        if right - x > 5:
            canvas.put(x, y, _shortened(row.text, right - x - 1), dim)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next row."""
        self._scroll(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The previous row."""
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        if self.rows:
            number = 0 if self.chosen is None else self.chosen + by
            number = min(max(number, 0), len(self.rows) - 1)
            self.post_message(self.Chosen(self, number, False))

    def on_click(self, event: events.Click) -> None:
        """Choose, or open what is chosen."""
        if 0 < event.y <= len(self._lines):
            number = self._lines[event.y - 1]
            again = number == self.chosen
            self.post_message(self.Chosen(self, number, again or event.chain > 1))


def _shortened(text: str, width: int) -> str:
    """`text` as far as it fits: whole, up to its first colon or a comma, or cut."""
    parts = text.partition(": ")[0].split(", ")
    heads = [", ".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for head in (text, *heads):
        if cell_len(head) <= width:
            return head
    if width < _LEAST_CUT:
        return ""
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"
