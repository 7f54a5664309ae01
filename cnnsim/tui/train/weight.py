"""One number of a parameter: its value over the run, and what moved it at the slider."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnnsim.stepper.pull import Pull
from cnnsim.steps.entry import format_entry
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.curve import column_of, draw_curve, draw_guide, row_of
from cnnsim.tui.drawing.glyphs import NOW_DOT
from cnnsim.tui.drawing.ledger import sign_style
from cnnsim.tui.drawing.numbers import count, in_formula, number
from cnnsim.tui.stage.formula import written_out
from cnnsim.tui.train.axis import axis_of
from cnnsim.tui.train.scene import Scene, Watch, Words

#: Columns for the numbers of the axis; from this width on list and curve stand side by side.
_LABELS, _BESIDE = 9, 72
#: Points of the curve; frames lie at even distances, so each stands for its neighbourhood.
_DENSE = 512

Rect = tuple[int, int, int, int]
Floats = npt.NDArray[np.float64]


def draw_weight(canvas: Canvas, scene: Scene) -> Words:
    """Curve and list, side by side or one above the other."""
    palette, watch = scene.palette, scene.watch
    if watch is None:
        canvas.put(2, 1, "w chooses a number of a parameter,", palette.dim)
        canvas.put(2, 2, "and so does a click on a filter.", palette.dim)
        return Words((("one weight", palette.dim),))
    curve, rows = rooms(canvas.width, canvas.height)
    _draw_course(canvas, curve, scene, watch)
    _draw_list(canvas, rows, scene, watch)
    title = ((format_entry(*watch.entry), palette.bold), (" over the run", palette.dim))
    bottom: tuple[Piece, ...] = ()
    if len(watch.points) > 1:
        each = int(np.diff([point[0] for point in watch.points]).min())
        more = "" if watch.filled + each > scene.end else f", {count(watch.filled)} so far"
        bottom = ((f"every {_ordinal(each)} update{more}", palette.dim),)
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
    row = _first(watch, watch.pull, high - 1) + y - top - 1
    return row if row < rows_of(watch.pull) else None


def rows_of(pull: Pull) -> int:
    """How many rows there are to choose from: the rules, then the terms."""
    return len(pull.rules) + len(pull.terms)


def step_of(pull: Pull, row: int) -> int:
    """The step that a row stands for."""
    if row < len(pull.rules):
        return pull.rules[row].step
    return pull.terms[row - len(pull.rules)].step


def _first(watch: Watch, pull: Pull, room: int) -> int:
    """The first row in sight."""
    return min(max(watch.chosen - room + 1, 0), max(rows_of(pull) - 1, 0))


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
        words = scene.busy or "After the last update nothing moves it any more."
        if scene.at is None and not scene.run.has_ended:
            words = "←→ choose an update: what moved it then?"
        canvas.put(x, y, words[:width], palette.dim)
        return
    canvas.pieces(x, y, _cut([
        ("w ", palette.dim), (number(pull.before), palette.bold), (" → ", palette.dim),
        (number(pull.after), palette.bold), ("  dw ", palette.dim),
        (number(pull.gradient), palette.bold), (f"  {count(pull.count)} terms", palette.dim),
    ], width))  # fmt: skip
    first = _first(watch, pull, height - 1)
    for line in range(height - 1):
        row = first + line
        if row >= rows_of(pull):
            return
        base, dim = palette.base, palette.dim
        if row == watch.chosen:
            base, dim = palette.selection, palette.selection_dim
            canvas.fill(x, y + 1 + line, width, 1, " ", base)
        if row < len(pull.rules):
            rule = pull.rules[row]
            text = f"{number(rule.value)} = {written_out(rule.sweep, rule.values)}"
            pieces = [(f"{rule.sweep.name} ", dim), (text, base)]
        else:
            flow = pull.terms[row - len(pull.rules)]
            values = (in_formula(number(value)) for value in flow.values)
            term = flow.term if flow.term is not None else 0.0
            style = base if row == watch.chosen else sign_style(term, palette)
            sign = "+" if term > 0 else ""
            pieces = [(f"{sign + number(term):>10}", style), (f" {flow.share:4.0%}  ", dim),
                      (flow.formula.format(*values), base),
                      (f"  {flow.address.partition(' ')[2]}", dim)]  # fmt: skip
        canvas.pieces(x, y + 1 + line, _cut(pieces, width))


def _cut(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """As much of the pieces as has room."""
    found: list[Piece] = []
    for text, style in pieces:
        found.append((text[:width], style))
        width -= len(text)
        if width <= 0:
            break
    return found


def _ordinal(number: int) -> str:
    """`4th`; every first one is every one."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if number % 100 in (11, 12, 13) else ends.get(number % 10, "th")
    return f"{count(number)}{end}"
