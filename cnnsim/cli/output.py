"""What commands print: JSON Lines, CSV, and tables for people.

JSON is strict: NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity". It is
ASCII, so that no control character gets through and every encoding takes it.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnsim.cli.streams import has_colour, has_unicode, is_terminal, output

if TYPE_CHECKING:
    from rich.console import Console

_encode = json.JSONEncoder(allow_nan=False, check_circular=False).encode


def to_json(value: Any) -> str:
    """`value` as strict JSON on one line."""
    try:
        return _encode(value)
    except ValueError:
        return _encode(_finite(value))


def number_name(value: float) -> str | float:
    """`value`, or its name where it is not finite."""
    if math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def loss_text(value: float) -> str:
    """A loss for people: `0.0123`, `5.82e+52`."""
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.3g}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return number_name(value)
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


def emit(value: dict[str, Any]) -> None:
    """Print one JSON line."""
    output().write(to_json(value) + "\n")


def csv_lines(rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV; None is an empty field."""
    csv.writer(output(), lineterminator="\n").writerows(rows)


#: A column that wraps keeps this width: words in a narrower one are hard to read.
_LEAST_WRAPPED = 20
#: Between two columns.
_GAP = 3


class Column(NamedTuple):
    """A column of a table. Only one that may `wrap` gets narrower than its contents."""

    title: str
    right: bool = False
    wrap: bool = False


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]], totals: Sequence[Any] = ()
) -> None:
    """Print a table. Nothing is cut: elsewhere than on a terminal lines get long.

    There it may wrap, and columns that find no room follow below, after the first one again.
    """
    lines = [[" ".join(str(cell).split()) for cell in row] for row in (*rows, totals) if row]
    room = console().width if is_terminal(output()) else None
    for number, part in enumerate(_parts(columns, lines, room)):
        if number:
            output().write("\n")
        shown = [[line[at] for at in part] for line in lines]
        has_totals = bool(totals) and any(shown[-1][1:])
        rest = shown if has_totals or not totals else shown[:-1]
        _print_part([columns[at] for at in part], rest, has_totals, room)


def _parts(
    columns: Sequence[Column], lines: Sequence[Sequence[str]], room: int | None
) -> list[list[int]]:
    """Which columns stand beside one another: as many as fit, always with the first one."""
    from rich.cells import cell_len

    if room is None:
        return [[*range(len(columns))]]
    widths = []
    for at, column in enumerate(columns):
        widest = max(cell_len(text) for text in (column.title, *(line[at] for line in lines)))
        widths.append(min(widest, _LEAST_WRAPPED) if column.wrap else widest)
    parts = [[0]]
    for at in range(1, len(columns)):
        if (
            len(parts[-1]) > 1
            and sum(widths[each] + _GAP for each in parts[-1]) + widths[at] > room
        ):
            parts.append([0])
        parts[-1].append(at)
    return parts


def _print_part(
    columns: Sequence[Column], lines: Sequence[Sequence[str]], has_totals: bool, room: int | None
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    style = box.SIMPLE_HEAD if has_unicode(output()) else box.ASCII2
    table = Table(box=style, show_edge=False, pad_edge=False, show_footer=has_totals)
    for number, column in enumerate(columns):
        table.add_column(
            Text(column.title),
            Text(lines[-1][number]) if has_totals else "",
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            min_width=_LEAST_WRAPPED if column.wrap else None,
            overflow="fold",
        )
    for line in lines[:-1] if has_totals else lines:
        table.add_row(*map(Text, line))
    needed = console(10**6).measure(table)
    wraps = room is not None and any(column.wrap for column in columns)
    if room is not None and needed.minimum > room:
        # Words that are hard to read are better than words that are cut.
        for each in table.columns:
            each.min_width = None
    screen = console(room if wraps else needed.maximum)
    # Rich fills lines up to their end; files and pipes have no use for that.
    with screen.capture() as capture:
        screen.print(table)
    output().write("".join(line.rstrip() + "\n" for line in capture.get().splitlines()))


def console(width: int | None = None) -> Console:
    """A rich console on standard output: no markup, and no colour without a terminal."""
    from rich.console import Console

    coloured = has_colour(output())
    return Console(
        file=output(),
        width=width,
        force_terminal=is_terminal(output()),
        color_system="auto" if coloured else None,
        no_color=not coloured,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
