from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planes import drawn

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import (
    BLOCKS,
    MAP,
    blocks,
    extra_small,
)
from cnnsim.tui.drawing.palette import ANSI, DARK, MONO, Palette
from cnnsim.tui.drawing.plane import (
    Plane,
    draw_plane,
    size_of,
)


def colours_of(canvas: Canvas, rows: int) -> list[list[str]]:
    """Pixel colours as a terminal shows them, two to a character."""
    pixels: list[list[str]] = []
    for y, line in enumerate(canvas.lines()):
        upper, lower = [], []
        for x, char in enumerate(line):
            style = canvas.style_at(x, y)
            assert style.color is not None
            assert style.bgcolor is not None
            upper.append((style.color if char == "▀" else style.bgcolor).name)
            lower.append(style.bgcolor.name)
        pixels += [upper, lower]
    return pixels[:rows]


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.data(), st.booleans())
def test_half_blocks_show_each_value_in_its_colour(
    rows: int, cols: int, data: st.DataObject, picture: bool
) -> None:
    count = rows * cols
    numbers = data.draw(st.lists(st.floats(-1, 1), min_size=count, max_size=count))
    values = np.array(numbers).reshape(rows, cols)
    plane = Plane(values, picture=picture)
    canvas = Canvas(*size_of(plane, MAP), DARK.base)
    draw_plane(canvas, 0, 0, plane, MAP, DARK)
    ids = DARK.ink_ids(values, 1.0) if picture else DARK.tile_ids(values, 1.0)
    colours = np.array(DARK.ink_colours if picture else DARK.bare_colours)
    assert colours_of(canvas, rows) == colours[ids].tolist()


def test_a_ring_stands_one_pixel_outside_the_field() -> None:
    field = frozenset(itertools.product((2, 3), (3, 4)))
    plane = Plane(np.zeros((6, 8)), field=field, now=(2, 3))
    canvas = Canvas(8, 3, DARK.base)
    draw_plane(canvas, 0, 0, plane, MAP, DARK)
    pixels = colours_of(canvas, 6)
    past, now = DARK.past.color, DARK.now.bgcolor
    assert past is not None
    assert now is not None
    ring = {(r, c) for r, c in np.ndindex(6, 8) if pixels[r][c] == past.name}
    around = set(itertools.product(range(1, 5), range(2, 6)))
    assert ring == around - set(field)
    assert [(r, c) for r, c in np.ndindex(6, 8) if pixels[r][c] == now.name] == [(2, 3)]
    bright = Canvas(8, 3, DARK.base)
    draw_plane(bright, 0, 0, replace(plane, now=None), MAP, DARK)
    assert colours_of(bright, 6)[1][2] == now.name


def test_unknown_parts_of_a_map_are_dotted() -> None:
    known = np.zeros((4, 5), dtype=np.bool_)
    known[0] = True
    assert drawn(Plane(np.ones((4, 5)), known=known), MAP) == ["▀▀▀▀▀", "· · ·"]


@pytest.mark.parametrize("palette", [ANSI, MONO], ids=["ansi", "mono"])
def test_maps_without_tints_show_the_sign(palette: Palette) -> None:
    plane = Plane(np.array([[1.0, -1.0, 0.0], [0.2, 0.1, 0.0]]))
    assert drawn(plane, MAP, palette) == ["+− "]
    assert drawn(plane, BLOCKS, palette) == [" + −  ", " + +  "]
    ink = replace(plane, picture=True)
    assert drawn(ink, MAP, palette) == ["▀  "]
    assert drawn(replace(plane, mode="colours"), extra_small(3), palette)[0].split() == ["+", "−"]


def test_blocks_have_room_for_marks() -> None:
    plane = Plane(
        np.array([[1.0, 0.0, 1.0]]),
        winner=np.array([[True, False, False]]),
        clipped=np.array([[False, True, False]]),
        known=np.array([[True, True, False]]),
    )
    assert drawn(plane, BLOCKS) == [" ▴▁▁ ·"]
    assert drawn(plane, blocks(3, 2)) == ["   " * 3, "  ▴▁▁▁  ·"]


def test_pictures_keep_their_own_colours() -> None:
    rgb = np.array([[[255, 0, 0]], [[0, 0, 255]]], dtype=np.uint8)
    plane = Plane(np.zeros((2, 1)), rgb=rgb)
    canvas = Canvas(1, 1, DARK.base)
    draw_plane(canvas, 0, 0, plane, MAP, DARK)
    assert colours_of(canvas, 2) == [["#ff0000"], ["#0000ff"]]
