"""The cell's sum: an equation where it is short, a ledger where it is long."""

from __future__ import annotations

from dataclasses import replace
from math import isinf
from textwrap import wrap

from cnnsim.steps.address import bracketed
from cnnsim.steps.sweep import Sweep
from cnnsim.tui.drawing.canvas import Canvas, Piece, cut_pieces, pieces_width
from cnnsim.tui.drawing.ledger import draw_equation, draw_ledger, ledger_window
from cnnsim.tui.drawing.numbers import count, format_number, number
from cnnsim.tui.drawing.scatter import UseColumn, draw_scatter
from cnnsim.tui.stage.formula import formula_with, term_text
from cnnsim.tui.stage.scatter import Scatter
from cnnsim.tui.stage.terms import equation_decimals, ledger_formats, term_columns
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.panel import Panel

#: More taps than this are a ledger.
_MOST_TERMS = 8
#: From this width on an equation has room for its result.
_WIDE = 100
#: Columns of the upper border that are no titles: corners, blanks and a dash.
_CORNERS = 9
#: Columns of a term with its sign, and of what stands before the first one.
_TERM, _BEFORE = 11, 25


def is_ledger(sweep: Sweep, width: int) -> bool:
    """Whether a sum is drawn as a ledger in a panel of `width`; the same for all its steps."""
    if sweep.fold is None:
        return False
    # A formula such as "x = y ? place : inf" needs more room than a product.
    term = max(_TERM, len(sweep.formula) + 2)
    return sweep.tap_count > _MOST_TERMS or _BEFORE + sweep.tap_count * term > width


class SumPanel(Panel):
    """What is added up, product by product."""

    help_text = """\
How the number comes about: every product of this cell in order, and the running sum below it.
The gold column is this step; a faint dot is still to come. Long sums show a window around now."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view: View | None = None
        self._letters: tuple[str, ...] = ()
        self._scatter: Scatter | None = None

    def show(self, view: View, letters: tuple[str, ...], scatter: Scatter | None = None) -> None:
        """Set the step, what its reads are called, and the value whose uses are shown."""
        self._view, self._letters, self._scatter = view, letters, scatter
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """The frame, then an equation, a ledger, or the one term."""
        view, palette = self._view, self.palette
        if view is None:
            canvas.frame(palette, focused=self.has_focus)
            return
        if self._scatter is not None:
            self._paint_scatter(canvas, view, self._scatter)
            return
        title, right = self._titles(view, canvas.width - _CORNERS)
        canvas.frame(palette, title=title, right=right, focused=self.has_focus)
        width = canvas.width - 4
        if view.sweep.fold is None:
            self._one_term(canvas, view)
            return
        letters = self._letters if view.mode == "symbols" else ()
        if not is_ledger(view.sweep, canvas.width):
            start = view.work.start
            decimals, result = equation_decimals(view), number(view.work.total)
            first = number(start)
            if start is not None and decimals is not None and not isinf(start):
                first = format_number(start, decimals)
            draw_equation(
                canvas, 2, 1, width, first,
                term_columns(view, range(view.sweep.tap_count), letters), palette,
                start_label=self._start_label(view),
                term_label="product" if view.sweep.is_product else "term",
                tap_label=",".join(view.sweep.tap_axes),
                result=result if view.is_last_tap else None,
                result_width=len(result),
                operator="," if view.sweep.fold.kept else "+",
                what=view.sweep.fold.total,
                rows=min(4, canvas.height - 2),
                decimals=decimals,
            )  # fmt: skip
            return
        taps = ledger_window(view.tap, view.sweep.tap_count, width)
        # A low panel leaves out the rows of the values read: the matrices show them.
        reads = self._letters if canvas.height >= len(self._letters) + 6 else ()
        # A very low one leaves out their numbers too: the header has them.
        inner = Canvas(width, canvas.height - 2, palette.base)
        columns = term_columns(view, taps, letters)
        tap_label = ",".join(view.sweep.tap_axes)
        if letters and not reads:
            columns, tap_label = [replace(column, tap=column.text) for column in columns], "term"
        draw_ledger(
            inner, 0, min(inner.height - len(reads) - 4, 0), width, columns, palette,
            first=taps.start,
            tap_label=tap_label,
            read_labels=reads,
            term_label="= product" if view.sweep.is_product else "= term",
            what=view.sweep.fold.total,
            formats=ledger_formats(view, len(reads)),
        )  # fmt: skip
        canvas.blit(inner, 2, 1)

    def _paint_scatter(self, canvas: Canvas, view: View, scatter: Scatter) -> None:
        palette = self.palette
        goes = "steps" if scatter.count != 1 else "step"
        title = [
            (f"{scatter.entry} = {number(scatter.value)}", palette.bold),
            (f"  goes into {count(scatter.count)} {goes} of {view.sweep.writes}", palette.dim),
        ]
        canvas.frame(palette, title=title, right=[("V", palette.dim)], focused=self.has_focus)
        columns = []
        now = 0
        for place, (cell, use) in enumerate(zip(scatter.into, scatter.uses, strict=True)):
            names = [number(value) for value in use.values]
            into = bracketed(cell)
            columns.append(UseColumn(into, formula_with(view, names), use.term))
            now = place if use.step == view.step else now
        label = "= product" if view.sweep.is_product else "="
        inner = Canvas(canvas.width - 4, canvas.height - 2, palette.base)
        draw_scatter(inner, 0, 0, inner.width, columns, now, palette, label)
        canvas.blit(inner, 2, 1)

    @staticmethod
    def _start_label(view: View) -> str:
        start = view.sweep.start
        return "start" if isinstance(start, float | int) else start.tensor.rpartition(".")[2]

    def _title(self, view: View) -> list[Piece]:
        palette = self.palette
        cell = ",".join(map(str, view.position.cell))
        pieces = [(f"{view.sweep.writes}[{cell}]", palette.bold)]
        formula = view.sweep.formula.format(*self._letters) if self._letters else ""
        fold = view.sweep.fold
        if fold is None:
            return [*pieces, (f"  =  {formula}", palette.dim)]
        start = view.sweep.start
        sign = f"{fold.total} " if fold.kept else "Σ "
        head = "" if isinstance(start, float | int) else f"{self._start_label(view)} + "
        whole = f"{head}{sign}{formula}"
        if view.sweep.has_finish:
            whole = view.sweep.finish_text(f"({whole})", view.position.cell)
        pieces.append((f"  =  {whole}", palette.dim))
        if head and is_ledger(view.sweep, self.size.width):
            # A ledger has no column for what the sum starts from.
            pieces += [(f",  {self._start_label(view)} = ", palette.dim),
                       (number(view.work.start), palette.bold)]  # fmt: skip
        return pieces

    def _titles(self, view: View, room: int) -> tuple[list[Piece], list[Piece]]:
        """What the cell is, and how far it is or what it comes to: that never gives way."""
        title, rights = self._title(view), self._rights(view)
        for right in rights:
            if pieces_width(title) + pieces_width(right) <= room:
                return title, right
        return cut_pieces(title, max(room - pieces_width(rights[-1]), 1)), rights[-1]

    def _rights(self, view: View) -> list[list[Piece]]:
        """The longest form first."""
        if view.sweep.fold is None:
            return [[]]
        palette = self.palette
        pieces = [(f"{count(view.tap + 1)} of {count(view.sweep.tap_count)}", palette.dim)]
        total = view.reading.total
        if total is not None or (view.is_last_tap and self.size.width < _WIDE):
            # Where the equation may have no room for it.
            pieces = [(f"{number(view.reading.after)}  ", palette.now_text), *pieces]
        if total is None:
            return [pieces]
        finished = view.sweep.finish_text(number(total), view.position.cell)
        return [[(f"{finished} = ", palette.dim), *pieces], pieces]

    def _one_term(self, canvas: Canvas, view: View) -> None:
        """The formula with its numbers and what comes out, which never gives way; what it reads."""
        palette, reads = self.palette, view.reading.reads
        inner = Canvas(canvas.width - 4, canvas.height - 2, palette.base)
        result = f" {number(view.reading.after)} "
        room = max(inner.height - len(reads), 1)
        lines = wrap(
            f"{term_text(view)} =", max(inner.width - len(result) - 1, 8),
            max_lines=room, placeholder=" … =", break_on_hyphens=False,
        )  # fmt: skip
        for row, line in enumerate(lines):
            end = inner.put(0, row, line, palette.base)
        inner.put(end + 1, len(lines) - 1, result, palette.now)
        names = [*self._letters, *(read.tensor for read in reads[len(self._letters) :])]
        entries = [
            read.tensor + ("" if read.index is None else bracketed(read.index)) for read in reads
        ]
        first, second = (max(map(len, texts), default=0) for texts in (names, entries))
        told = zip(names, entries, reads, strict=False)
        for row, (name, entry, read) in enumerate(told, len(lines)):
            inner.pieces(
                0, row,
                [(f"{name:<{first}}", palette.bold), (f"  {entry:<{second}}", palette.dim),
                 (f"  {number(read.value)}", palette.base)],
            )  # fmt: skip
        canvas.blit(inner, 2, 1)
