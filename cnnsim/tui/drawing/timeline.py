"""The rail at the bottom of a stepping screen: what has passed, now, and where cells begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnsim.tui.drawing.canvas import Canvas, cells_of
from cnnsim.tui.drawing.glyphs import NOW_DOT
from cnnsim.tui.drawing.palette import Palette

_BETWEEN = 2  # blanks between labels
_TICK_ROOM = 4  # columns to a tick; denser ones look like a fence


@dataclass(frozen=True)
class Tick:
    """A place 0..1 on the rail with its label; one that `names` the sweep goes before others."""

    position: float
    label: str
    now: bool = False
    names: bool = False


def column_of(position: float, width: int) -> int:
    """The column 0..width−1 of a position 0..1."""
    return round(min(max(position, 0.0), 1.0) * max(width - 1, 0))


def fraction_at(x: int, width: int) -> float:
    """The position 0..1 of a column; the inverse of `column_of`."""
    return min(max(x / (width - 1), 0.0), 1.0) if width > 1 else 0.0


def draw_timeline(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    ticks: Sequence[Tick],
    position: float,
    palette: Palette,
) -> None:
    """Two rows: the rail, and the labels under their ticks.

    Labels never overlap: the current one always stands, then those that name a sweep, then others
    from the left as room allows.
    """
    if width < 1:
        return
    here = column_of(position, width)
    canvas.put(x, y, "━" * here, palette.past)
    canvas.put(x + here, y, "─" * (width - here), palette.line)
    labels = _placed(ticks, width)
    for tick in ticks if len(ticks) * _TICK_ROOM <= width else labels:
        column = column_of(tick.position, width)
        passed = column < here
        canvas.put(
            x + column, y, "┿" if passed else "┼", palette.past if passed else palette.focus_line
        )
    canvas.put(x + here, y, NOW_DOT, palette.now_text)
    for tick, (start, label) in labels.items():
        canvas.put(x + start, y + 1, label, palette.now_text if tick.now else palette.dim)


def _placed(ticks: Sequence[Tick], width: int) -> dict[Tick, tuple[int, str]]:
    """First column and text of each label that stands."""
    taken: list[tuple[int, int]] = []
    placed: dict[Tick, tuple[int, str]] = {}
    for tick in sorted(ticks, key=lambda tick: (not tick.now, not tick.names, tick.position)):
        size = len(cells_of(tick.label)[0])
        if not size or (size > width and not tick.now):
            continue
        label = tick.label[:width]
        start = max(min(column_of(tick.position, width), width - size), 0)
        end = start + size
        if all(end + _BETWEEN <= first or start >= last + _BETWEEN for first, last in taken):
            taken.append((start, end))
            placed[tick] = (start, label)
    return placed
