"""A line of the report: what was measured, and what stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Verdicts on what is not as it should be, and on what could not be measured.
WRONG, FAILED = "WRONG", "FAILED"


class Row(NamedTuple):
    """A figure, in words.

    Attributes:
        part: the part of the report.
        what: the quantity.
        found: what was measured.
        beside: what it is compared with: a limit, a ceiling, a peer.
        verdict: ``ok``, `WRONG`, `FAILED`, or a ratio; empty where nothing follows.
        note: what one has to know to believe it.
    """

    part: str
    what: str
    found: str
    beside: str = ""
    verdict: str = ""
    note: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows in columns, a line between two parts."""
    head = Row(*(name for name in Row._fields))
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    before = ""
    for row in (head, *rows):
        if row.part != before:
            lines.append("─" * (sum(widths) + 2 * len(widths) - 2))
            before = row.part
        cells = zip(row, widths, strict=True)
        lines.append("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
    return "\n".join(lines)


def failures(rows: Sequence[Row]) -> str:
    """What is wrong or could not be measured, a line each."""
    bad = [row for row in rows if row.verdict in (WRONG, FAILED)]
    if not bad:
        return "Nothing failed."
    lines = [
        f"  {row.part}, {row.what}: {', '.join(filter(None, (row.found, row.note)))}" for row in bad
    ]
    return "\n".join([f"Of {len(rows)} measurements failed, or are wrong, {len(bad)}:", *lines])


def seconds(value: float) -> str:
    """``12.3 µs``: three digits, for nobody can rely on more."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            return f"{value / size:.3g} {unit}"
    raise AssertionError("the last unit takes everything")


def against(ours: float, theirs: float) -> str:
    """How many times faster we are than they are."""
    return f"{theirs / ours:.2f}x"
