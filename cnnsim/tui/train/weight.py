"""One number of a parameter: its value over the run, and what moved it at the slider."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import numpy.typing as npt

from cnnsim.amounts import counted
from cnnsim.stepper.pull import Pull
from cnnsim.steps.entry import format_entry
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.curve import column_of, draw_curve, draw_guide, row_of
from cnnsim.tui.drawing.glyphs import NOW_DOT
from cnnsim.tui.drawing.ledger import sign_style
from cnnsim.tui.drawing.numbers import count, in_formula, number
from cnnsim.tui.places import Rect
from cnnsim.tui.stage.formula import written_out
from cnnsim.tui.train.axis import axis_of
from cnnsim.tui.train.borders import whole
from cnnsim.tui.train.scene import Scene, Watch, Words

#: Columns for the numbers of the axis; from this width on list and curve stand side by side.
_LABELS, _BESIDE = 9, 72
#: Points of the curve; frames lie at even distances, so each stands for its neighbourhood.
_DENSE = 512

#: How far the lines after the first of a row stand in.
_INDENT = 4
#: What stays together on a line: an operator and what it acts on, a word, blanks.
_TOKEN = re.compile(r"\s*(?:[=+−→·/] *)?[^\s·/]+|\s+|.")

Line = list[Piece]
Floats = npt.NDArray[np.float64]


def draw_weight(canvas: Canvas, scene: Scene) -> Words:
    """Curve and list, side by side or one above the other."""
    palette, watch = scene.palette, scene.watch
    if watch is None:
        text = "w chooses a number of a parameter, and so does a click on a filter."
        return scene.say_instead(canvas, Words((("one weight", palette.dim),)), text)
    curve, rows = rooms(canvas.width, canvas.height)
    _draw_course(canvas, curve, scene, watch)
    _draw_list(canvas, rows, scene, watch)
    title = ((format_entry(*watch.entry), palette.bold), (" over the run", palette.dim))
    bottom: tuple[Piece, ...] = ()
    if len(watch.points) > 1:
        each = int(np.diff([point[0] for point in watch.points]).min())
        figures = [[(f"every {_ordinal(each)} update", palette.dim)]]
        if watch.filled + each <= scene.end:
            figures.append([(f"{count(watch.filled)} so far", palette.dim)])
        bottom = whole(figures, canvas.width)
    right = (("enter", palette.bold), (" steps there", palette.dim))
    return Words(title, (("w ", palette.bold), ("another", palette.dim)), bottom, right)


def rooms(width: int, height: int) -> tuple[Rect, Rect]:
    """Where the curve stands in a panel of that size, and where the list."""
    inner = (width - 4, height - 2)
    if inner[0] >= _BESIDE or inner[1] < 9:
        left = inner[0] * 2 // 5
        return (2, 1, left, inner[1]), (2 + left + 2, 1, inner[0] - left - 2, inner[1])
    high = max(inner[1] * 2 // 5, 4)
    return (2, 1, inner[0], high), (2, 1 + high, inner[0], inner[1] - high)


def row_at(scene: Scene, width: int, height: int, x: int, y: int) -> int | None:
    """The row of what moved the number that stands at a place of the panel."""
    watch = scene.watch
    if watch is None or watch.pull is None:
        return None
    _, (left, top, wide, high) = rooms(width, height)
    if not (left <= x < left + wide and top + 1 <= y < top + high):
        return None
    return next(
        (row for line, row, _ in _list(scene, watch, watch.pull, wide, high) if line == y - top),
        None,
    )


def rows_of(pull: Pull) -> int:
    """How many rows there are to choose from: the rules, then the terms."""
    return len(pull.rules) + len(pull.terms)


def step_of(pull: Pull, row: int) -> int:
    """The step that a row stands for."""
    if row < len(pull.rules):
        return pull.rules[row].step
    return pull.terms[row - len(pull.rules)].step


def _draw_course(canvas: Canvas, room: Rect, scene: Scene, watch: Watch) -> None:
    palette = scene.palette
    x, y, width, height = room
    x, width = x + _LABELS, width - _LABELS
    if not watch.points or width < 4 or height < 2:
        canvas.put(room[0], y, "It is being looked for.", palette.dim)
        return
    numbers = np.array([point[0] for point in watch.points], np.float64)
    values = np.array([point[1] for point in watch.points], np.float64)
    end = max(scene.end, 1)
    places = min(end + 1, _DENSE)
    at = np.linspace(0, end, places)
    every = np.interp(at, numbers, values)
    every[~_known(at, numbers)] = np.nan
    axis = axis_of(values, False)
    low = min(float(values.min()), axis.high)
    limits = (low - (axis.high - float(values.max())), axis.high)
    for tick in (float(values.max()), low):
        row = row_of(tick, limits, height)
        draw_guide(canvas, x, y + row, width, palette)
        canvas.put_right(x - 1, y + row, number(float(f"{tick:.3g}")), palette.dim)
    draw_curve(canvas, x, y, width, height, every, None, limits, palette, palette.good)
    here = round(scene.place / end * (places - 1))
    value = watch.pull.before if watch.pull is not None else float(every[here])
    if np.isfinite(value):
        row = row_of(value, limits, height)
        canvas.put(x + column_of(here, places, width), y + row, NOW_DOT, palette.now_text)


def _known(at: Floats, numbers: Floats) -> npt.NDArray[np.bool_]:
    """Where the curve is known: between points that stand as near as points get."""
    if len(numbers) < 2:
        return np.asarray(at <= numbers[0])
    after = np.searchsorted(numbers, at - 1e-9)
    inside = after < len(numbers)
    after = np.minimum(after, len(numbers) - 1)
    gap = numbers[after] - numbers[np.maximum(after - 1, 0)]
    near: npt.NDArray[np.bool_] = inside & (gap <= np.diff(numbers).min() + 1e-9)
    return near


def _draw_list(canvas: Canvas, room: Rect, scene: Scene, watch: Watch) -> None:
    palette, pull = scene.palette, watch.pull
    x, y, width, height = room
    if width < 12 or height < 1:
        return
    if pull is None:
        text = "After the last update nothing moves it any more."
        if scene.at is None and not scene.run.has_ended:
            text = "←→ choose an update: what moved it then?"
        for below, said in enumerate(wrap(scene.doing or text, width)[:height]):
            canvas.put(x, y + below, said, palette.dim)
        return
    for line, row, pieces in _list(scene, watch, pull, width, height):
        if row == watch.chosen:
            canvas.fill(x, y + line, width, 1, " ", palette.selection)
        canvas.pieces(x, y + line, pieces)


def _list(
    scene: Scene, watch: Watch, pull: Pull, width: int, height: int
) -> list[tuple[int, int | None, Line]]:
    """The lines of the list: where each stands, its row (the head is none), what it says.

    The head stays; below it the rows begin where all of the chosen one is in sight.
    """
    found: list[tuple[int, int | None, Line]] = []
    for line in _wrapped(_head(scene, pull), width)[:height]:
        found.append((len(found), None, line))
    room = height - len(found)
    first = watch.chosen
    used = len(_wrapped(_row(scene, watch, pull, first), width))
    while first > 0:
        used += len(_wrapped(_row(scene, watch, pull, first - 1), width))
        if used > room:
            break
        first -= 1
    for row in range(first, rows_of(pull)):
        for line in _wrapped(_row(scene, watch, pull, row), width):
            if len(found) == height:
                return found
            found.append((len(found), row, line))
    return found


def _head(scene: Scene, pull: Pull) -> Line:
    """The number before and after, and its gradient."""
    palette = scene.palette
    return [
        ("w ", palette.dim), (number(pull.before), palette.bold), (" → ", palette.dim),
        (number(pull.after), palette.bold), ("  dw ", palette.dim),
        (number(pull.gradient), palette.bold), (f"  {counted(pull.count, 'term')}", palette.dim),
    ]  # fmt: skip


def _row(scene: Scene, watch: Watch, pull: Pull, row: int) -> Line:
    """A rule with its numbers, or a term of the gradient; the chosen one has a mark."""
    palette, chosen = scene.palette, row == watch.chosen
    base = palette.selection if chosen else palette.base
    dim = palette.selection_dim if chosen else palette.dim
    mark = ("▸ " if chosen else "  ", palette.selection_bold if chosen else palette.base)
    if row < len(pull.rules):
        rule = pull.rules[row]
        text = f"{number(rule.value)} = {written_out(rule.sweep, rule.values)}"
        return [mark, (f"{rule.sweep.name} ", dim), (text, base)]
    flow = pull.terms[row - len(pull.rules)]
    values = (in_formula(number(value)) for value in flow.values)
    term = flow.term if flow.term is not None else 0.0
    style = base if chosen else sign_style(term, palette)
    sign = "+" if term > 0 else ""
    return [mark, (f"{sign + number(term):>10}", style), (f" {flow.share:4.0%}  ", dim),
            (flow.formula.format(*values), base),
            (f"  {flow.address.partition(' ')[2]}", dim)]  # fmt: skip


def _wrapped(pieces: Sequence[Piece], width: int) -> list[Line]:
    """The pieces over as many lines as they take, broken before operators.

    What is longer than a line goes on in the next one: no digit is lost.
    """
    lines: list[Line] = [[]]
    left = width
    for text, style in pieces:
        for token in _TOKEN.findall(text):
            if len(token) > left:
                token = token.lstrip()
                if not token:
                    continue
                if left < width - _INDENT or len(lines) == 1:
                    lines.append([(" " * _INDENT, style)])
                    left = width - _INDENT
            while len(token) > left:
                lines[-1].append((token[:left], style))
                lines.append([(" " * _INDENT, style)])
                token, left = token[left:], width - _INDENT
            lines[-1].append((token, style))
            left -= len(token)
    return lines


def _ordinal(number: int) -> str:
    """`4th`; every first one is every one."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if number % 100 in (11, 12, 13) else ends.get(number % 10, "th")
    return f"{count(number)}{end}"
