"""What becomes of the network after changes: whether it fits, and what it costs now."""

from __future__ import annotations

from math import prod

from cnnsim.amounts import counted
from cnnsim.network.walk import map_before
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.stage.prose import Paragraph
from cnnsim.tui.walk.table import cross, dotted
from cnnsim.tui.walk.whatif import WhatIf


def verdict(what: WhatIf, sides: str | None) -> list[Paragraph]:
    """The outcome in a few lines, the most important one first.

    `sides` are the square inputs that fit, as ``sides_that_fit`` words them; None while they are
    still being looked for, empty where there are none or the input is flat.
    """
    if not what.is_changed:
        return [[("nothing is changed", "dim")], *_sides(sides)]
    if what.outcome.error is not None:
        return [*_error(what), *_sides(sides), *_costs(what)]
    return [
        [("✓ ", "good"), ("all shapes fit", "base"), *_last(what)],
        *_costs(what),
        *_sides(sides),
    ]


def _error(what: WhatIf) -> list[Paragraph]:
    """Which layer does not fit, and where the shape comes from that it does not like."""
    error = what.outcome.error
    assert error is not None
    paragraphs: list[Paragraph] = []
    came = map_before(what.outcome.network, error.layer)
    message = f" {dotted(error.bare_message)}"
    line = [("✗ ", "bold"), (error.layer, "bold"), (message, "base")]
    if error.is_count and came is not None:
        name, shape = came
        paragraphs.append(
            [(name, "bold"), (" puts out ", "dim"), (cross(shape), "bold"),
             (f" = {counted(prod(shape), 'number')}", "dim")]
        )  # fmt: skip
        was = map_before(what.original.network, error.layer)
        if was is not None and was[1] != shape:
            line.append((f", not {cross(was[1])}", "dim"))
    paragraphs.append(line)
    return paragraphs


def _sides(sides: str | None) -> list[Paragraph]:
    if sides is None:
        return [[("square inputs that fit: …", "dim")]]
    return [[("square inputs that fit: ", "dim"), (sides, "base")]] if sides else []


def _last(what: WhatIf) -> Paragraph:
    """The shape of the network's output, where it has changed."""
    last = what.outcome.network.layers[-1].name
    shape, was = what.outcome.shape(last), what.original.shape(last)
    if shape is None or was is None or shape == was:
        return []
    return [("; it puts out ", "dim"), (cross(shape), "bold"), (f" was {cross(was)}", "dim")]


def _costs(what: WhatIf) -> list[Paragraph]:
    """MACs and parameters, of what fits, beside what they were there."""
    now, was = what.outcome.walked, what.original.walked
    placed = {row.name for row in now.rows}
    error = what.outcome.error
    where = f" before {error.layer}" if error is not None else ""
    lines: list[Paragraph] = []
    # What stands before an error is told by its multiply-adds alone.
    columns = (("MACs", "macs"), ("params", "params"))
    for label, column in columns if error is None else columns[:1]:
        new = now.total(column)
        old = sum(getattr(row, column) for row in was.rows if row.name in placed)
        if old != new:
            was_before = (f" was {count(old)}", "dim")
            lines.append([(f"{label}{where} ", "dim"), (count(new), "bold"), was_before])
        elif new and error is None:
            lines.append([(f"{label} ", "dim"), (count(new), "bold"), (" as before", "dim")])
    return lines
