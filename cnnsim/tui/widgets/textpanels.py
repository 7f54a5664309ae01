"""The panels of words: the note, the loop nest, where the indices come from."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from cnnsim.amounts import counted
from cnnsim.tui.drawing.bar import draw_bar
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.numbers import count, number
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.stage.narrate import origins
from cnnsim.tui.stage.prose import Paragraph, draw_prose, wrap_into
from cnnsim.tui.stage.terms import folded_after
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.tabbedpanel import SCROLLS, TabbedPanel

#: A note narrower than this has no room for its number beside the key that scrolls it.
_NARROW_NOTE = 48


class StepPanel(TabbedPanel):
    """A panel about one step."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View | None = None


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
        self._lines = wrap_into(self._paragraphs, canvas.width - 4, room)
        if len(self._lines) > self._first + room:
            narrow = canvas.width < _NARROW_NOTE
            right = [(SCROLLS, palette.bold), *([] if narrow else [("  ", palette.dim), *right])]
        self.draw_frame(canvas, right=right)
        draw_prose(
            canvas, 2, 1, canvas.width - 4, canvas.height - 2, self._paragraphs, palette,
            self._first,
        )  # fmt: skip

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
        """Scroll by what is in sight, less a line."""
        self.scroll_lines(direction * max(self.size.height - 3, 1))


class LoopsPanel(StepPanel):
    """The loop nest, with where each counter stands."""

    label = "loops"
    help_text = """\
The loops that a program would run: one for each coordinate of the cell, then one for each of the
tap. The counter that has just turned is gold."""

    def show(self, view: View, previous: View | None, names: tuple[str, ...]) -> None:
        """Set the step; counters that differ from the `previous` one are gold."""
        self.view, self._names = view, names
        self._turned = _turned(view, previous)
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """A line for each loop, indented where there is room, then the innermost statement."""
        view, palette = self.view, self.palette
        self.draw_frame(canvas)
        if view is None:
            return
        sweep = view.sweep
        axes = [*zip(sweep.cell_axes, sweep.cells, view.position.cell, strict=True),
                *zip(sweep.tap_axes, sweep.taps, view.position.tap, strict=True)]  # fmt: skip
        room = canvas.height - 2
        while len(axes) + 1 > room and any(extent == 1 for _, extent, _ in axes):
            axes.remove(next(axis for axis in axes if axis[1] == 1))
        statement = len(axes) < room
        indent = 2 if canvas.width >= 48 else 1 if canvas.width >= 36 else 0
        wide = canvas.width >= 46
        bars = any(extent > 12 for _, extent, _ in axes) or not wide
        # Name, counter and extent, with a blank behind each.
        names = max(len(axis) for axis, _, _ in axes)
        bar = max(2 + names + 1 + 5 + 2 + max(len(count(e)) for _, e, _ in axes) + 1, 16)
        for row, (axis, extent, at) in enumerate(axes[:room]):
            gold = axis in self._turned
            left = 2 + indent * row
            if bars:
                canvas.pieces(
                    2, 1 + row,
                    [(f"{axis} ", palette.dim), (f"{at:>5}", palette.now_text if gold else
                     palette.base), (f" /{count(extent)}", palette.dim)],
                )  # fmt: skip
                draw_bar(canvas, bar, 1 + row, canvas.width - bar - 2, (at + 1) / extent, palette)
                continue
            canvas.put(left, 1 + row, f"for {axis} in range({extent}):", palette.dim)
            style = palette.now_text if gold else palette.base
            canvas.put(canvas.width - 11, 1 + row, f"{axis} = {at}", style)
        if statement:
            left = 2 if bars else 2 + indent * len(axes)
            self._statement(canvas, view, left, 1 + len(axes))

    def _statement(self, canvas: Canvas, view: View, x: int, y: int) -> None:
        palette = self.palette
        fold = view.sweep.fold
        formula = view.sweep.formula.format(*self._names)
        change = f"{number(view.reading.before)} → " if fold else ""
        after = number(folded_after(view, view.tap))
        right = canvas.width - 2 - len(change) - len(after)
        if fold is None:
            role = view.sweep.writes.rpartition(".")[2]
            text = [(f"{role} = ", palette.bold), (formula, palette.now_text)]
        elif fold.kept:
            text = [(f"acc = {fold.total}(acc, ", palette.bold), (formula, palette.now_text),
                    (")", palette.bold)]  # fmt: skip
        else:
            text = [("acc += ", palette.bold), (formula, palette.now_text)]
        width = sum(len(part) for part, _ in text)
        if width > canvas.width - 4:
            # Too narrow for the statement: what it does to the sum is what matters.
            canvas.pieces(2, y, [(change, palette.dim), (after, palette.now_text)])
            return
        canvas.pieces(min(x, max(right - width - 2, 2)), y, text)
        if right > 2 + width + 1:
            canvas.pieces(right, y, [(change, palette.dim), (after, palette.now_text)])


def _turned(view: View, previous: View | None) -> set[str]:
    """The axes whose counter differs from the previous step's; the last one if unknown."""
    sweep = view.sweep
    axes = (*sweep.cell_axes, *sweep.tap_axes)
    here = (*view.position.cell, *view.position.tap)
    if previous is None or previous.position.sweep != view.position.sweep:
        return {axes[-1]}
    there = (*previous.position.cell, *previous.position.tap)
    found = {axis for axis, a, b in zip(axes, here, there, strict=True) if a != b}
    return found or {axes[-1]}


class OriginPanel(StepPanel):
    """Where the indices of the values come from."""

    label = "where from"
    help_text = """\
How row and column of the value that is read follow from the cell and the tap, with the numbers
filled in; then the values themselves and the term."""

    def show(self, view: View, names: tuple[str, ...]) -> None:
        """Set the step and the names of its reads."""
        self.view, self._names = view, names
        self.repaint()

    def paint(self, canvas: Canvas) -> None:
        """Origins, values, term, places."""
        view, palette = self.view, self.palette
        self.draw_frame(canvas)
        if view is None:
            return
        width = canvas.width - 4
        lines: list[list[Piece]] = []
        for label, formula, filled, value in origins(view):
            gold = palette.now_text
            if canvas.height > 14:
                lines.append([(f"{label} ", palette.bold), (f"= {formula}", palette.dim)])
                indent = f"{'':<{len(label)}} = "
                if len(indent) + len(filled) + 3 + len(value) > width:
                    lines.append([(f"{indent}{filled}", palette.dim)])
                    lines.append([(indent, palette.dim), (value, gold)])
                else:
                    lines.append([(f"{indent}{filled} = ", palette.dim), (value, gold)])
            else:
                line = [(f"{label} ", palette.bold), (f"{filled} = ", palette.dim), (value, gold)]
                if sum(len(text) for text, _ in line) > width:
                    lines.append([(f"{label} ", palette.bold), (filled, palette.dim)])
                    line = [(f"{'':<{len(label)}} = ", palette.dim), (value, gold)]
                lines.append(line)
        if lines:
            lines.append([])
        for name, read in zip(self._names, view.reading.reads, strict=False):
            shown = number(read.value)
            room = width - len(shown)
            name = name if len(name) < room else f"{name[: room - 2]}…"
            lines.append([(f"{name:<{room}}", palette.dim), (shown, palette.bold)])
        if view.sweep.formula != "{0}":
            shown = number(view.reading.term)
            what = "product" if view.sweep.is_product else "term"
            style = palette.minus if (view.reading.term or 0) < 0 else palette.plus
            lines.append([(f"{what:<{width - len(shown)}}", palette.dim), (shown, style)])
        lines += [
            [],
            _of("cell", view.cell, view.sweep.cell_count, width, palette),
            _of("tap", view.tap, view.sweep.tap_count, width, palette),
        ]
        if view.reading.mac is not None:
            lines.append([(f"mac  {count(view.reading.mac)}", palette.dim)])
        if view.reading.why:
            lines.insert(0, [(f"░ {view.reading.why}", palette.bold)])
        room = canvas.height - 2
        while len(lines) > room and [] in lines:
            lines.remove([])
        for row, line in enumerate(lines[:room]):
            inner = Canvas(width, 1, palette.base)
            inner.pieces(0, 0, line)
            canvas.blit(inner, 2, 1 + row)


def _of(what: str, number: int, total: int, width: int, palette: Palette) -> list[Piece]:
    """``cell 3 of 4``; large counts lose their thousands separators where there is no room."""
    text = f"{what:<4} {count(number + 1)} of {count(total)}"
    return [(text if len(text) <= width else text.replace(",", ""), palette.dim)]
