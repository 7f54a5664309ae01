"""Loss and accuracy over the epochs, of one run or of several in one plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.style import Style

from cnnsim.amounts import counted, percent
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.curve import Floats, column_of, draw_curve, draw_guide, row_of
from cnnsim.tui.drawing.glyphs import MINUS, NOW_DOT
from cnnsim.tui.drawing.numbers import measured
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.train.axis import Axis, axis_of, round_numbers
from cnnsim.tui.train.borders import Figure, whole
from cnnsim.tui.train.scene import Scene, Words
from cnnsim.tui.train.view import RunView, Series

#: Columns for the numbers of the axis, and for the panel's number before its title.
_LABELS, _NUMBER = 7, 2


@dataclass(frozen=True, eq=False)
class Line:
    """A number for every epoch, and the letter at its end where there are several runs."""

    values: Floats
    style: Style
    letter: str = ""


def letter(number: int) -> str:
    """How a run is called in a plot of several: a, b, …"""
    return chr(ord("a") + number % 26)


def draw_loss(canvas: Canvas, scene: Scene) -> Words:
    """The test loss of every run; of a single one the training loss too."""
    palette, runs = scene.palette, scene.runs
    lines = _lines(scene, "test_loss")
    if len(runs) == 1:
        lines.insert(0, Line(runs[0].series("train_loss"), palette.dim))
    every = np.concatenate([line.values for line in lines])
    tested = scene.tested_here
    now = tested.loss if tested is not None else float("nan")
    title = (("loss", palette.dim),)
    right = ((" log " if scene.log else " linear ", palette.dim), ("e", palette.bold),
             (" linear" if scene.log else " log", palette.dim))  # fmt: skip
    figures: list[Figure] = []
    if len(runs) > 1:
        title = (("test loss", palette.dim),)
    elif scene.then.rows:
        last = scene.then.rows[-1]
        figures = [
            *_when(scene),
            [("━ test ", palette.good), (measured(last.test_loss, 0), palette.bold)],
            [("⠤ train ", palette.dim), (measured(last.train_loss, 0), palette.bold)],
        ]
    words = Words(title, right, _bottom(canvas, scene, figures))
    axis = axis_of(every, scene.log)
    return _draw(canvas, lines, axis, scene, words, slider=_slider(scene, now))


def draw_accuracy(canvas: Canvas, scene: Scene) -> Words:
    """The share of test pictures that are right, in percent; the best epoch so far is marked."""
    palette = scene.palette
    lines = [Line(line.values * 100, line.style, line.letter)
             for line in _lines(scene, "accuracy")]  # fmt: skip
    low = min((_floor(line.values) for line in lines if line.values.size), default=0.0)
    high = max((float(line.values.max()) for line in lines if line.values.size), default=100.0)
    axis = Axis(low, min(max(high + (high - low) * 0.05, low + 1), 100.0))
    # What lies below comes in from below; the frame says how many epochs do.
    below = sum(int((line.values < low).sum()) for line in lines)
    lines = [Line(np.where(line.values < low, np.nan, line.values), line.style, line.letter)
             for line in lines]  # fmt: skip
    best = scene.then.best
    mark = None if best is None else (best.epoch - scene.run.rows[0].epoch, best.accuracy * 100)
    tested = scene.tested_here
    now = tested.right / tested.pictures * 100 if tested is not None else float("nan")
    slider = _slider(scene, now)
    figures: list[Figure] = []
    if scene.then.rows:
        last = percent(scene.then.rows[-1].accuracy)
        figures = [*_when(scene), [("━ test ", palette.good), (last, palette.bold)]]
    if best is not None:
        figures.append([("▲ best ", palette.good), (percent(best.accuracy), palette.bold),
                        (f" at {best.epoch}", palette.dim)])  # fmt: skip
    title: list[Figure] = [[("accuracy", palette.dim)]]
    if below:
        title.append([(f"{counted(below, 'epoch')} below", palette.dim)])
    right = (("% of the test pictures", palette.dim),)
    words = Words(whole(title, canvas.width - _NUMBER), right, _bottom(canvas, scene, figures))
    return _draw(canvas, lines, axis, scene, words, mark, slider)


def _when(scene: Scene) -> list[Figure]:
    """Of which epoch the figures in the border are, where it is not the latest."""
    if scene.at is None:
        return []
    return [[(f"epoch {scene.then.rows[-1].epoch}", scene.palette.dim)]]


def _bottom(canvas: Canvas, scene: Scene, figures: Sequence[Figure]) -> tuple[Piece, ...]:
    """The figures of a single run, or what letters several of them have."""
    if len(scene.runs) > 1:
        return whole(_legend(scene), canvas.width, scene.palette.dim)
    return whole(figures, canvas.width)


def _slider(scene: Scene, value: float) -> tuple[float, float] | None:
    """The place of the slider among the epochs, 0 for the first, and what is measured there."""
    run = scene.run
    if scene.at is None or not run.each or not run.rows:
        return None
    return scene.at / run.each - run.rows[0].epoch, value


def _floor(values: Floats) -> float:
    """From where on the later three quarters of the epochs lie, rounded down."""
    late = values[len(values) // 4 :]
    low = float(late.min())
    step = 10.0 if low < 80 else 5.0 if low < 95 else 1.0
    return max(float(np.floor((low - 1e-9) / step)) * step, 0.0)


def _lines(scene: Scene, what: Series) -> list[Line]:
    palette = scene.palette
    if len(scene.runs) == 1:
        return [Line(scene.runs[0].series(what), palette.good)]
    styles = (palette.good, palette.minus, palette.plus, palette.bold, palette.dim)
    return [
        Line(run.series(what), styles[n % len(styles)], letter(n))
        for n, run in enumerate(scene.runs)
    ]


def _legend(scene: Scene) -> list[Figure]:
    """Letter and name of each run."""
    palette = scene.palette
    named = zip(_lines(scene, "accuracy"), _names(scene.runs), strict=True)
    return [
        [(f"{line.letter} ", line.style),
         (name, palette.bold if number == scene.chosen else palette.dim)]
        for number, (line, name) in enumerate(named)
    ]  # fmt: skip


def _names(runs: Sequence[RunView]) -> list[str]:
    """In as few words as tell them apart: seeds, names, both, or folders."""
    ways = (
        [f"seed {run.seed}" for run in runs] if len({run.name for run in runs}) == 1 else [],
        [run.name for run in runs],
        [f"{run.name} {run.seed}" for run in runs],
    )
    folders = [Path(run.folder).name for run in runs]
    return next((names for names in ways if len(set(names)) == len(runs)), folders)


def _draw(
    canvas: Canvas,
    lines: Sequence[Line],
    axis: Axis,
    scene: Scene,
    words: Words,
    best: tuple[int, float] | None = None,
    slider: tuple[float, float] | None = None,
) -> Words:
    """Axis, guides, curves; `best` and `slider` are places and values, `words` for the frame."""
    palette = scene.palette
    x, y = 2 + _LABELS, 1
    width, height = canvas.width - x - 3, canvas.height - 3
    count = max((len(line.values) for line in lines), default=0)
    if not count:
        # The curves are those of the whole run, whatever is computed for the slider.
        text = scene.beginning or scene.coming("It comes after the first epoch.")
        return scene.say_instead(canvas, words, text)
    if width < 8 or height < 3:
        return words
    rows: dict[int, str] = {}
    for tick in axis.ticks(max(height // 2, 2)):
        row = row_of(float(axis.place(np.array([tick]))[0]), axis.limits, height)
        rows.setdefault(row, f"{tick:g}".replace("-", MINUS))
    for row, text in rows.items():
        draw_guide(canvas, x, y + row, width, palette)
        canvas.put_right(x - 1, y + row, text, palette.dim)
    if slider is not None:
        for row in range(height):
            canvas.put(x + _column(slider[0], count, width), y + row, "│", palette.past)
    for line in lines:
        values = np.full(count, np.nan)
        values[: len(line.values)] = axis.place(line.values)
        draw_curve(
            canvas, x, y, width, height, values, None, axis.limits, palette, line.style
        )  # fmt: skip
    for line in lines:
        values = axis.place(line.values)
        if line.letter and len(line.values) and np.isfinite(values[len(line.values) - 1]):
            at = len(line.values) - 1
            row = row_of(float(values[at]), axis.limits, height)
            canvas.put(x + column_of(at, count, width) + 1, y + row, line.letter, line.style)
    if best is not None and axis.low <= best[1] <= axis.high:
        row = row_of(best[1], axis.limits, height)
        canvas.put(x + column_of(best[0], count, width), y + row, "▲", palette.good)
    if slider is not None:
        column = x + _column(slider[0], count, width)
        if axis.low <= slider[1] <= axis.high:
            row = row_of(float(axis.place(np.array([slider[1]]))[0]), axis.limits, height)
            canvas.put(column, y + row, NOW_DOT, palette.now_text)
    _epochs(canvas, x, y + height, width, count, palette)
    return words


def _column(place: float, count: int, width: int) -> int:
    """The column of a place between epochs."""
    low = min(max(int(place), 0), count - 1)
    high = min(low + 1, count - 1)
    first, last = column_of(low, count, width), column_of(high, count, width)
    return round(first + (last - first) * min(max(place - low, 0.0), 1.0))


def _epochs(canvas: Canvas, x: int, y: int, width: int, count: int, palette: Palette) -> None:
    """The numbers of epochs under a chart; the first is 1."""
    end = x
    for epoch in [1, *round_numbers(2, count, max(width // 7, 1))]:
        if epoch != int(epoch):
            continue
        text = f"{int(epoch)}"
        at = x + column_of(int(epoch) - 1, count, width) - len(text) // 2
        if at >= end and at + len(text) <= x + width + 2:
            end = canvas.put(at, y, text, palette.dim) + 1
