"""The table of layers with its bars, its totals and the block picture."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.message import Message

from cnnsim.tui.drawing.bar import bar_text
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.walk.blocks import Block, block_at, draw_blocks, lay_blocks
from cnnsim.tui.walk.layout import block_rows
from cnnsim.tui.walk.table import (
    NUMBERS,
    TITLES,
    Column,
    Line,
    cell,
    columns_for,
    shortened,
    total_of,
)
from cnnsim.tui.walk.views import TableView
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


class TablePanel(TabbedPanel):
    """Layers with outputs, parameters, multiply-adds and shares."""

    label = "layers"
    help_text = """\
Every layer: its kernel, its output, its parameters, its multiply-adds (MACs) without bias for one
sample, and its share of all of them; "sees" is its receptive field. ✎ marks what you changed, bold
outputs differ from the file, ✗ is the layer whose shapes do not fit. Layers that change values in
place, such as relu, are left out where there is no room: z shows them.

The blocks: their height grows with the square root of the side, their width with that of the
channels; a row of features stands upright. Click a line or a block to select it, click again to
step inside."""

    class Picked(Message):
        """A layer was clicked; `inside` with a click on the selected one."""

        def __init__(self, name: str, inside: bool) -> None:
            super().__init__()
            self.name = name
            self.inside = inside

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view: TableView | None = None
        self._first = 0
        self._blocks: list[Block] = []
        # Where lines and blocks were drawn, for the mouse.
        self._lines_at = (0, 0)
        self._blocks_at = (0, 0)

    def show(self, view: TableView) -> None:
        """Set what is shown; the selected line scrolls into sight when it changes."""
        moved = self._view is None or view.at != self._view.at or view.lines != self._view.lines
        self._view = view
        if moved:
            self._follow(self._share_rows()[1])
        self.repaint()

    def _share_rows(self) -> tuple[int, int, int]:
        """Rows of rules, of lines and of blocks."""
        assert self._view is not None
        height = max(self.size.height - 2, 3)
        rules, blocks = block_rows(height, len(self._view.lines))
        return rules, min(height - 2 - rules - blocks, len(self._view.lines)), blocks

    def _follow(self, rows: int) -> None:
        assert self._view is not None
        at = self._view.at
        self._first = min(max(self._first, at - rows + 1), at)
        self._clip(rows)

    def _clip(self, rows: int) -> None:
        assert self._view is not None
        self._first = min(max(self._first, 0), max(len(self._view.lines) - rows, 0))

    def paint(self, canvas: Canvas) -> None:
        """Titles, lines, totals, blocks."""
        view, palette = self._view, self.palette
        if view is None:
            self.draw_frame(canvas, [(self.label, palette.dim)])
            return
        rules, rows, blocks = self._share_rows()
        self._clip(rows)
        self.draw_frame(
            canvas,
            [(self.label, palette.bold)],
            [("blocks: height √side, width √channels", palette.dim)] if blocks else [],
            self._hidden(view),
            self._position(view, rows),
        )
        width = canvas.width - 4
        total = total_of(view.every)
        columns, short = columns_for(view.every, total, width)
        self._titles(canvas, columns)
        y = 2
        if rules:
            canvas.put(1, y, "─" * (canvas.width - 2), palette.line)
            y += 1
        largest = {
            "macs_bar": max((line.macs for line in view.every), default=0),
            "params_bar": max((line.params for line in view.every), default=0),
        }
        self._lines_at = (y, rows)
        for line in view.lines[self._first : self._first + rows]:
            self._line(canvas, y, line, columns, short, largest)
            y += 1
        if rules:
            canvas.put(1, y, "─" * (canvas.width - 2), palette.line)
            y += 1
        self._total(canvas, y, total, columns, short)
        self._blocks = []
        if blocks:
            high = blocks - 1 - (blocks > 6)
            self._blocks, _ = lay_blocks(view.lines, width, high, view.selected)
            top = y + 2 if blocks > 6 else y + 1
            self._blocks_at = (top, high)
            draw_blocks(canvas, 2, top, high, self._blocks, view.selected, palette)

    def _hidden(self, view: TableView) -> list[Piece]:
        count = len(view.every) - len(view.lines)
        if not count:
            return []
        palette = self.palette
        words = f"{count} in place not listed  " if self.size.width > 44 else f"{count} more  "
        return [(words, palette.dim), ("z", palette.bold)]

    def _position(self, view: TableView, rows: int) -> list[Piece]:
        if rows >= len(view.lines):
            return []
        text = f"{self._first + 1}–{self._first + rows} of {len(view.lines)}"
        return [(text, self.palette.dim)]

    def _titles(self, canvas: Canvas, columns: Sequence[Column]) -> None:
        dim = self.palette.dim
        bars = {column.key: column.width for column in columns}
        # A bar too short for its title leaves it to the numbers.
        over_bar = bars.get("macs_bar", 0) >= len(TITLES["macs_bar"])
        for key, x, width in columns:
            title = TITLES.get(key, "")
            if key == "macs_bar" and not over_bar:
                title = ""
            if key == "share" and not over_bar:
                title = "share" if width >= 5 else "%"
            if key in NUMBERS:
                canvas.put_right(2 + x + width, 1, title, dim)
            else:
                canvas.put(2 + x, 1, title[:width], dim)

    def _line(
        self,
        canvas: Canvas,
        y: int,
        line: Line,
        columns: Sequence[Column],
        short: bool,
        largest: dict[str, int],
    ) -> None:
        palette = self.palette
        assert self._view is not None
        chosen = line.name == self._view.selected
        bold, base, dim = palette.bold, palette.base, palette.dim
        if chosen:
            bold, base, dim = palette.selection_bold, palette.selection, palette.selection_dim
            canvas.fill(1, y, canvas.width - 2, 1, " ", base)
            canvas.put(0, y, "▐", palette.now_text)
        costs = line.params or line.macs or line.name == "input"
        for key, x, width in columns:
            if key.endswith("_bar"):
                self._bar(canvas, 2 + x, y, width, line, key, largest[key], base if chosen else dim)
                continue
            text = cell(line, key, short)
            if len(text) > width:
                text = shortened(text, width)
            style = base if costs or chosen else dim
            if key == "layer":
                gold = palette.on(palette.now_text, base) + Style(bold=True)
                style = gold if chosen else bold if line.edited or line.state == "error" else style
            elif key == "output" and line.moved:
                style = bold
            elif key in ("kernel", "field", "memory"):
                style = base if chosen else dim
            if key in NUMBERS:
                canvas.put_right(2 + x + width, y, text, style)
            else:
                canvas.put(2 + x, y, text, style)
        if line.state == "behind":
            where = next((c for c in columns if c.key == "output"), columns[-1])
            canvas.put(2 + where.x, y, "·", palette.faint)

    def _bar(
        self,
        canvas: Canvas,
        x: int,
        y: int,
        width: int,
        line: Line,
        key: str,
        largest: int,
        style: Style,
    ) -> None:
        """A thin bar, or a dot where it would be shorter than a quarter of a column."""
        value = line.macs if key == "macs_bar" else line.params
        if not value:
            return
        share = value / max(largest, 1)
        if share * width < 0.25:
            canvas.put(x, y, "·", style)
            return
        palette = self.palette
        bar = palette.focus_line
        if line.name == (self._view.selected if self._view else ""):
            bar = palette.on(palette.now_text, palette.selection)
        canvas.put(x, y, bar_text(share, width), bar)

    def _total(
        self, canvas: Canvas, y: int, total: Line, columns: Sequence[Column], short: bool
    ) -> None:
        palette = self.palette
        for key, x, width in columns:
            if key in ("params", "macs", "memory"):
                style = palette.dim if key == "memory" else palette.bold
                canvas.put_right(2 + x + width, y, cell(total, key, short), style)
            elif key == "share":
                canvas.put_right(2 + x + width, y, cell(total, key, short)[:width], palette.dim)
            elif key == "layer":
                canvas.put(2 + x, y, total.name, palette.dim)

    # -- the mouse ------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Select a line or a block; again: step inside."""
        super().on_click(event)
        if self._view is None:
            return
        top, rows = self._lines_at
        high_top, high = self._blocks_at
        name = None
        if top <= event.y < top + rows:
            number = event.y - top + self._first
            name = self._view.lines[number].name if number < len(self._view.lines) else None
        elif self._blocks and high_top <= event.y <= high_top + high:
            name = block_at(self._blocks, event.x - 2)
        if name is not None:
            self.post_message(self.Picked(name, name == self._view.selected))

    def scroll_lines(self, lines: int) -> None:
        """Scroll; the selection stays where it is."""
        if self._view is not None:
            self._first += lines
            self._clip(self._share_rows()[1])
            self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Down."""
        self.scroll_lines(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Up."""
        self.scroll_lines(-1)
