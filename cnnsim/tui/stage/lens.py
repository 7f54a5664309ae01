"""A window of numbers into a matrix that is too large for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cnnsim.tui.drawing.plane import Plane
from cnnsim.tui.stage.matrix import Matrix

Place = tuple[int, int]


def part_of(whole: Matrix, window: tuple[int, int, int, int], *, is_field: bool) -> Matrix:
    """The `window` into `whole`, a matrix of its own."""
    key = whole.key.replace("read", "lens")
    return replace(whole, key=key, window=window, is_field=is_field)


def cut_plane(plane: Plane, window: tuple[int, int, int, int]) -> Plane:
    """The part of a plane within `window`, whose padding cells become ordinary zeros with marks."""
    row, column, rows, columns = window
    top, left = max(0, -row), max(0, -column)
    bottom = max(0, row + rows - plane.rows)
    right = max(0, column + columns - plane.cols)
    inner = (
        slice(max(row, 0), min(row + rows, plane.rows)),
        slice(max(column, 0), min(column + columns, plane.cols)),
    )
    origin = (inner[0].start, inner[1].start)

    def moved(place: Place) -> Place:
        return place[0] - origin[0], place[1] - origin[1]

    def shown(place: Place | None) -> Place | None:
        if place is None:
            return None
        inside = row <= place[0] < row + rows and column <= place[1] < column + columns
        return moved(place) if inside else None

    def cut(mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_] | None:
        return None if mask is None else mask[inner]

    field = plane.field
    if field is not None:
        field = frozenset(moved(place) for place in field if shown(place) is not None)
    return replace(
        plane,
        values=plane.values[inner],
        known=cut(plane.known),
        now=shown(plane.now),
        field=field,
        padding=(top, left, bottom, right),
        clipped=cut(plane.clipped),
        winner=cut(plane.winner),
        notes={moved(place): note for place, note in plane.notes.items() if shown(place)},
        hover=shown(plane.hover),
        also=frozenset(moved(place) for place in plane.also if shown(place) is not None),
        first=origin,
    )
