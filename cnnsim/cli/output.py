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
_LEAST_WRAPPED = 24


class Column(NamedTuple):
    """A column of a table. Only one that may `wrap` gets narrower than its contents."""

    title: str
    right: bool = False
    wrap: bool = False


def print_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]], totals: Sequence[Any] = ()
) -> None:
    """Print a table. Nothing is cut: it may wrap on a terminal; elsewhere lines get long."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = box.SIMPLE_HEAD if has_unicode(output()) else box.ASCII2
    table = Table(box=lines, show_edge=False, pad_edge=False, show_footer=bool(totals))
    for number, column in enumerate(columns):
        table.add_column(
            Text(column.title),
            Text(str(totals[number])) if totals else "",
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            min_width=_LEAST_WRAPPED if column.wrap else None,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(" ".join(str(cell).split())) for cell in row))
    widest = console(10**6).measure(table).maximum
    can_wrap = is_terminal(output()) and any(column.wrap for column in columns)
    screen = console(None if can_wrap else widest)
    if can_wrap and screen.measure(table).minimum > screen.width:
        screen = console(widest)
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
