"""The lists of the home screen: lessons, networks, recent scenarios."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnsim.scenario.catalogue import Entry
from cnnsim.tui.drawing.numbers import count, short_count
from cnnsim.tui.marks import Mark

#: ● done, ◐ begun, ○ open.
DONE, BEGUN, OPEN = "●", "◐", "○"


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of a list.

    Attributes:
        source: what opens it, a bundled name or a path.
        mark: done, begun or open; empty for none.
        name, text: bold, and what stands behind it.
        numbers: the columns at the right.
        share: how far one has come, 0..1, for the bar below the chosen row.
    """

    source: str
    mark: str
    name: str
    text: str
    numbers: tuple[str, ...]
    share: float = 0.0


def lesson_rows(
    entries: Sequence[Entry], steps: Mapping[str, int], marks: Mapping[str, Mark]
) -> list[ListRow]:
    """The lessons with steps and minutes."""
    return [
        _row(entry, marks, (_steps(steps, entry.name), str(entry.minutes or "")))
        for entry in entries
        if entry.type == "lesson"
    ]


def network_rows(
    entries: Sequence[Entry], steps: Mapping[str, int], marks: Mapping[str, Mark]
) -> list[ListRow]:
    """The networks with their steps."""
    return [
        _row(entry, marks, (_steps(steps, entry.name),))
        for entry in entries
        if entry.type == "network"
    ]


def recent_rows(recent: Sequence[tuple[str, Mark]], bundled: Collection[str]) -> list[ListRow]:
    """What was open last, with the address; `bundled` are the names that are no files."""
    rows = []
    for source, mark in recent:
        is_file = "/" in source
        if not is_file and source not in bundled:
            continue
        name = Path(source).name if is_file else source
        share = mark.farthest / max(mark.steps - 1, 1)
        number = f"update {count(mark.step)}" if mark.is_update else count(mark.step)
        rows.append(ListRow(source, "", name, mark.address, (number,), share))
    return rows


def matching(rows: Sequence[ListRow], word: str) -> list[ListRow]:
    """The rows that hold `word` in their name or text."""
    low = word.lower()
    return [row for row in rows if low in row.name.lower() or low in row.text.lower()]


def _row(entry: Entry, marks: Mapping[str, Mark], numbers: tuple[str, ...]) -> ListRow:
    mark = marks.get(entry.name)
    state = OPEN if mark is None else DONE if mark.is_done else BEGUN
    share = mark.farthest / max(mark.steps - 1, 1) if mark else 0.0
    return ListRow(entry.name, state, entry.name, entry.title, numbers, share)


def _steps(steps: Mapping[str, int], name: str) -> str:
    number = steps.get(name)
    return "" if number is None else count(number) if number < 10**6 else short_count(number)
