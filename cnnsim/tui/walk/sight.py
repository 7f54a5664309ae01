"""What a unit sees of the input: its receptive field, on the picture and over its edge."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from cnnsim.network.layer import Shape
from cnnsim.network.receptive import ReceptiveField
from cnnsim.tui.drawing.glyphs import MINUS
from cnnsim.tui.stage.prose import Paragraph

#: Row and column of a unit in its map.
Unit = tuple[int, int]
#: A place in the input, in pixels; it may lie between two, or outside.
Point = tuple[float, float]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """The field of one unit: first and last row and column, and what of it is in the picture.

    `inside` is None where all of it lies on padding.
    """

    rows: Span
    columns: Span
    plane: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns, padding included."""
        return self.rows[1] - self.rows[0] + 1, self.columns[1] - self.columns[0] + 1

    @property
    def inside(self) -> tuple[Span, Span] | None:
        """The rows and columns that are in the picture."""
        rows = max(self.rows[0], 0), min(self.rows[1], self.plane[0] - 1)
        columns = max(self.columns[0], 0), min(self.columns[1], self.plane[1] - 1)
        return (rows, columns) if rows[0] <= rows[1] and columns[0] <= columns[1] else None

    @property
    def is_clipped(self) -> bool:
        """It reaches over the edge."""
        return self.inside != (self.rows, self.columns)

    @property
    def share(self) -> float:
        """How much of the picture it covers."""
        if self.inside is None:
            return 0.0
        (top, bottom), (left, right) = self.inside
        return (bottom - top + 1) * (right - left + 1) / (self.plane[0] * self.plane[1])


def sight_of(field: ReceptiveField, unit: Unit, input_shape: Shape) -> Sight:
    """The field of `unit` on an input of maps."""
    return Sight(field.rows(unit[0]), field.columns(unit[1]), (input_shape[1], input_shape[2]))


def centre_of(field: ReceptiveField, unit: Unit) -> Point:
    """The middle of a unit's field."""
    rows, columns = field.rows(unit[0]), field.columns(unit[1])
    return (rows[0] + rows[1]) / 2, (columns[0] + columns[1]) / 2


def unit_at(field: ReceptiveField, output: Shape, point: Point) -> Unit:
    """The unit whose field has its middle nearest to `point`."""
    found = []
    for axis in (0, 1):
        first = (field.size[axis] - 1) / 2 - field.pad[axis]
        nearest = floor((point[axis] - first) / field.stride[axis] + 0.5)
        found.append(min(max(nearest, 0), output[1 + axis] - 1))
    return found[0], found[1]


def sight_lines(sight: Sight, width: int) -> list[Paragraph]:
    """The field in words: its size, its share of the picture, its rows and columns."""
    size = f"{sight.size[0]}×{sight.size[1]}"
    of = " of the picture" if width >= 36 else " of it" if width >= 26 else ""
    share = [(" = ", "dim"), (percent(sight.share), "base"), (of, "dim")]
    first: list[tuple[str, str]] = [("field ", "dim"), (size, "bold")]
    if sight.inside is None:
        first.append((", all of it on padding", "dim"))
    elif sight.is_clipped:
        (top, bottom), (left, right) = sight.inside
        part = f"{bottom - top + 1}×{right - left + 1}"
        words = " of it inside" if width >= 44 else " inside"
        first += [(", ", "dim"), (part, "bold"), (words, "dim"), *share[:2]]
    else:
        first += share
    inside = sight.inside or (sight.rows, sight.columns)
    second = [("rows ", "dim"), *_span(sight.rows, inside[0])]
    third = [("columns ", "dim"), *_span(sight.columns, inside[1])]
    joined = [*second, (", ", "dim"), *third]
    if sum(len(text) for text, _ in joined) <= width:
        return [first, joined]
    return [first, second, third]


def _span(span: Span, inside: Span) -> list[tuple[str, str]]:
    """``96–146``; over the edge ``−16…34 (0–34)``."""
    if span == inside:
        return [(f"{span[0]}–{span[1]}", "base")]
    text = f"{span[0]}…{span[1]}".replace("-", MINUS)
    return [(text, "base"), (f" ({inside[0]}–{inside[1]})", "dim")]


def percent(share: float) -> str:
    """``5.0 %``."""
    return f"{share:.1%}".replace("%", " %") if share < 0.9995 else "100 %"
