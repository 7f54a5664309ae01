"""The table of layers: its lines, which of them are shown, its columns at any width, its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Literal, NamedTuple

from cnnsim.network.graph import INPUT
from cnnsim.network.layer import Layer, Shape
from cnnsim.network.receptive import ReceptiveField
from cnnsim.network.walk import Row
from cnnsim.tui.drawing.numbers import count, short_count
from cnnsim.tui.walk.whatif import WhatIf

#: ``error``: its shapes do not fit; ``behind``: it reads a layer with an error.
State = Literal["fits", "error", "behind"]


@dataclass(frozen=True, slots=True)
class Line:
    """The input or a layer in the table.

    `quiet` layers change values in place and cost nothing that is counted; `edited` ones differ
    from the file, `moved` ones put out another shape than there.
    """

    name: str
    kernel: str
    shape: Shape | None
    params: int = 0
    macs: int = 0
    share: float = 0.0
    memory: int = 0
    field: ReceptiveField | None = None
    quiet: bool = False
    state: State = "fits"
    edited: bool = False
    moved: bool = False

    @property
    def output(self) -> str:
        """``256×27×27``."""
        return cross(self.shape) if self.shape else ""


class Column(NamedTuple):
    """A column: what it shows, where it begins, how wide it is."""

    key: str
    x: int
    width: int


#: Columns that stand at their right edge.
NUMBERS = ("params", "macs", "share", "field", "memory")
TITLES = {
    "layer": "layer", "kernel": "kernel", "output": "output", "params": "params", "macs": "MACs",
    "macs_bar": "share", "share": "", "field": "sees", "memory": "MB",
}  # fmt: skip
_SHAPE = re.compile(r"(?<=\d)x(?=\d)")
#: What is shown in ever less room.
_LEVELS: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("layer", "kernel", "output", "params", "macs", "share"), False),
    (("layer", "kernel", "output", "params", "macs", "share"), True),
    (("layer", "output", "params", "macs", "share"), True),
    (("layer", "output", "macs", "share"), True),
    (("layer", "output", "share"), True),
    (("layer", "output"), True),
)
#: Columns longer than this are cut where room is short.
_LONGEST = {"layer": 14, "kernel": 12, "output": 14}
#: The room of the smallest bar, with its gap.
_BAR = 6


def cross(shape: Sequence[int]) -> str:
    """``256×6×6``."""
    return "×".join(map(str, shape))


def lines_of(what: WhatIf) -> tuple[Line, ...]:
    """The input, then every layer in order."""
    network = what.outcome.network
    rows = {row.name: row for row in what.outcome.walked.rows}
    every = what.outcome.walked.total("macs")
    errors = {error.layer for error in network.errors}
    edited = {name for name, _ in what.changes}
    shape = network.input_shape
    samples = f"{network.batch} samples" if network.batch > 1 else ""
    lines = [
        Line(INPUT, samples, shape, field=ReceptiveField() if len(shape) == 3 else None,
             edited=INPUT in edited, moved=shape != what.original.network.input_shape)
    ]  # fmt: skip
    above = INPUT
    for layer in network.layers:
        row = rows.get(layer.name)
        kernel = _kernel(layer, above)
        above = layer.name
        if row is None:
            state: State = "error" if layer.name in errors else "behind"
            quiet = layer.in_place and state == "behind"
            line = Line(
                layer.name, kernel, None, quiet=quiet, state=state, edited=layer.name in edited
            )
        else:
            line = _line(layer, row, kernel, every)
            moved = row.output != what.original.shape(layer.name)
            line = _marked(line, layer.name in edited, moved)
        lines.append(line)
    return tuple(lines)


def _kernel(layer: Layer, above: str) -> str:
    """The summary, and what the layer reads where that is not the one above."""
    sources = "" if layer.sources in ((), (above,)) else f"← {', '.join(layer.sources)}"
    return " ".join(part for part in (dotted(layer.summary()), sources) if part)


def _line(layer: Layer, row: Row, kernel: str, every: int) -> Line:
    return Line(
        row.name,
        kernel,
        row.output,
        row.params,
        row.macs,
        row.macs / every if every else 0.0,
        row.activation_bytes,
        row.receptive_field,
        quiet=layer.in_place and not row.params and not row.macs,
    )


def _marked(line: Line, edited: bool, moved: bool) -> Line:
    return replace(line, edited=edited, moved=moved) if edited or moved else line


def visible(lines: Sequence[Line], folded: bool, selected: str) -> list[Line]:
    """The lines to show: folded, quiet layers are left out unless selected or edited."""
    return [
        line
        for line in lines
        if not (folded and line.quiet) or line.name == selected or line.edited
    ]


def columns_for(lines: Sequence[Line], total: Line, width: int) -> tuple[list[Column], bool]:
    """The columns in `width` characters, and whether counts are shortened.

    Exact counts come before short ones, then columns go; room that is left becomes bars.
    """
    everything = [*lines, total]
    keys, short, widths = _LEVELS[-1][0], True, [width]
    for keys, short in _LEVELS:
        widths = [max(len(cell(each, key, short)) for each in everything) for key in keys]
        widths = [max(w, len(TITLES[key])) for w, key in zip(widths, keys, strict=True)]
        # Long names give way to a bar, but no column goes for it.
        over = sum(widths) + len(widths) - 1 - width + _BAR
        for number, key in enumerate(keys):
            least = min(widths[number], _LONGEST.get(key, widths[number]))
            taken = min(max(over, 0), widths[number] - least)
            widths[number] -= taken
            over -= taken
        if over <= _BAR:
            break
    else:
        widths[0] = max(width - widths[1] - 1, 4)
    sizes = dict(zip(keys, widths, strict=True))
    sizes = _with_extras(sizes, everything, width)
    columns = []
    x = 0
    for key, size in sizes.items():
        columns.append(Column(key, x, size))
        x += size + 1
    return columns, short


def _with_extras(sizes: dict[str, int], lines: Sequence[Line], width: int) -> dict[str, int]:
    """Bars and further columns in the room that is left."""
    left = width - sum(sizes.values()) - len(sizes) + 1
    bars = {"macs_bar": 0, "params_bar": 0}
    extras: dict[str, int] = {}
    if left >= 5:
        bars["macs_bar"] = min(left - 1, 8)
        left -= bars["macs_bar"] + 1
    if left >= 4:
        bars["params_bar"] = min(left - 1, 4)
        left -= bars["params_bar"] + 1
    for key in ("field", "memory"):
        # A blank more keeps them apart from the percentages.
        size = 1 + max(len(TITLES[key]), *(len(cell(line, key, False)) for line in lines))
        if left >= size + 8:
            extras[key] = size
            left -= size + 1
    for key in bars:
        more = min(left, 16 if bars[key] else 0)
        bars[key] += more
        left -= more
    for key in [key for key in ("layer", "kernel", "output") if key in sizes]:
        # What is still left keeps the columns apart.
        more = min(left // 2, 4)
        sizes[key] += more
        left -= more
    found: dict[str, int] = {}
    for key, size in sizes.items():
        if key == "share" and bars["macs_bar"]:
            found["macs_bar"] = bars["macs_bar"]
        if key == "macs" and bars["params_bar"]:
            found["params_bar"] = bars["params_bar"]
        found[key] = size
    return found | extras


def cell(line: Line, key: str, short: bool) -> str:
    """What stands in a column; nothing for a count of 0."""
    if key == "layer":
        marks = {"error": " ✗", "behind": "", "fits": ""}[line.state]
        return f"{line.name}{' ✎' if line.edited else ''}{marks}"
    if key == "kernel":
        return line.kernel
    if key == "output":
        return line.output
    if key == "share":
        return _percent(line.share, short) if line.macs else ""
    if key == "field":
        return _field(line)
    if key == "memory":
        small = 0 < line.memory < 500
        return "<0.001" if small else f"{line.memory / 1e6:.3f}" if line.memory else ""
    number = line.params if key == "params" else line.macs if key == "macs" else 0
    if not number:
        return ""
    return compact(number) if short else count(number)


def compact(number: int) -> str:
    """At most six characters: ``34.9 k``, ``448 M``."""
    if 10**4 <= number < 999_500:
        return f"{number / 1000:.3g} k"
    return short_count(max(number, 10**6) if number >= 10**4 else number)


def _percent(share: float, short: bool) -> str:
    if not short:
        if share >= 0.9995 or share < 0.0005:
            return "100 %" if share > 0.5 else "<0.1 %"
        return f"{share:.1%}".replace("%", " %")
    return "<1%" if share < 0.005 else f"{share:.0%}"


def _field(line: Line) -> str:
    """``51×51``, and ``all`` where a cell sees everything."""
    if line.shape is None:
        return ""
    return "all" if line.field is None else cross(line.field.size)


def shortened(name: str, width: int) -> str:
    """A name in at most `width` characters; its end tells it from its neighbours."""
    if len(name) <= width:
        return name
    tail = max((width - 1) // 2, 1)
    return f"{name[: max(width - 1 - tail, 0)]}…{name[-tail:]}"


def dotted(text: str) -> str:
    """Shapes in a text with the sign for times: ``256x5x5`` becomes ``256×5×5``."""
    return _SHAPE.sub("×", text)


def total_of(lines: Sequence[Line]) -> Line:
    """The line of totals, over all lines whether shown or not."""
    broken = any(line.state != "fits" for line in lines)
    return Line(
        "so far" if broken else "total",
        "",
        None,
        sum(line.params for line in lines),
        sum(line.macs for line in lines),
        1.0,
        sum(line.memory for line in lines),
    )


def table_text(name: str, what: WhatIf) -> str:
    """The whole table as aligned text, for the clipboard."""
    lines = lines_of(what)
    keys = ("layer", "kernel", "output", "params", "macs", "share", "field", "memory")
    titles = {**TITLES, "share": "share", "macs": "MACs without bias"}
    total = total_of(lines)
    table = [[titles[key] for key in keys]]
    table += [[cell(line, key, False) for key in keys] for line in lines]
    table.append(
        [cell(total, key, False) for key in keys[:-2]] + ["", cell(total, "memory", False)]
    )
    widths = [max(len(row[number]) for row in table) for number in range(len(keys))]
    shape = what.outcome.network.input_shape
    head = f"{name}, input {cross(shape)} ({prod(shape):,} numbers), one sample, 1 MB = 10^6 bytes"
    text = [head, ""]
    for row in table:
        aligned = [
            entry.rjust(width) if key in NUMBERS else entry.ljust(width)
            for key, entry, width in zip(keys, row, widths, strict=True)
        ]
        text.append("  ".join(aligned).rstrip())
    if what.outcome.error is not None:
        text.append(f"✗ {what.outcome.error.message}")
    return "\n".join(text) + "\n"
