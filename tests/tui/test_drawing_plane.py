from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planes import drawn, place_of

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.cellclass import (
    BLOCKS,
    MAP,
    XL,
    CellClass,
    L,
    M,
    blocks,
    extra_small,
    small,
)
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette
from cnnsim.tui.drawing.plane import (
    Plane,
    cell_at,
    draw_plane,
    size_of,
    value_width,
)

NUMBERED = [XL, L, M, small(4), small(6), extra_small(3), extra_small(6)]
PIXELS = [MAP, BLOCKS, blocks(1), blocks(4, 2), blocks(6, 3)]
PALETTES = [DARK, LIGHT, ANSI, MONO]

X = np.array([[1, 6, 2], [5, 3, 1], [7, 0, 4]], dtype=float)
FIELD = frozenset({(1, 0), (1, 1), (2, 0), (2, 1)})


@st.composite
def planes(draw: st.DrawFn) -> Plane:
    rows, cols = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    numbers = st.one_of(st.integers(-99, 99).map(float), st.sampled_from([np.nan, np.inf, -0.0]))
    values = draw(st.lists(numbers, min_size=rows * cols, max_size=rows * cols))
    bits = st.lists(st.booleans(), min_size=rows * cols, max_size=rows * cols)
    masks = st.none() | bits.map(lambda flags: np.array(flags).reshape(rows, cols))
    cell = st.tuples(st.integers(-3, rows + 2), st.integers(-3, cols + 2))
    return Plane(
        np.array(values).reshape(rows, cols),
        known=draw(masks),
        now=draw(st.none() | cell),
        field=draw(st.none() | st.frozensets(cell, max_size=6)),
        padding=draw(st.tuples(*[st.integers(0, 2)] * 4)),
        clipped=draw(masks),
        winner=draw(masks),
        notes=draw(st.dictionaries(cell, st.sampled_from(["4 of 4", "·−1 = −7", "·1000 = 1"]))),
        scale=draw(st.sampled_from([0.0, 1.0, 99.0])),
        picture=draw(st.booleans()),
        mode=draw(st.sampled_from(["numbers", "symbols", "colours"])),
        first=draw(st.tuples(st.integers(0, 200), st.integers(0, 200))),
        hover=draw(st.none() | cell),
        also=draw(st.frozensets(cell, max_size=3)),
    )


@settings(deadline=None)
@given(planes(), st.sampled_from(NUMBERED + PIXELS), st.sampled_from(PALETTES))
def test_drawing_stays_inside_its_size(plane: Plane, cls: CellClass, palette: Palette) -> None:
    width, height = size_of(plane, cls)
    canvas = Canvas(width + 6, height + 4, palette.base)
    canvas.fill(0, 0, width + 6, height + 4, "~", palette.good)
    draw_plane(canvas, 3, 2, plane, cls, palette)
    lines = canvas.lines()
    assert all(len(line) == width + 6 for line in lines)
    assert set(lines[0] + lines[1] + lines[-1] + lines[-2]) == {"~"}
    for line in lines[2:-2]:
        assert line[:3] == line[-3:] == "~~~"
        assert "~" not in line[3:-3]
    assert canvas.style_at(2, 2) == canvas.style_at(width + 3, height + 1) == palette.good


@settings(deadline=None)
@given(planes(), st.sampled_from(NUMBERED + PIXELS), st.integers(-9, 9), st.integers(-9, 9))
def test_clipped_drawing_equals_a_part_of_the_whole(
    plane: Plane, cls: CellClass, dx: int, dy: int
) -> None:
    width, height = size_of(plane, cls)
    whole = Canvas(width + 40, height + 40, DARK.base)
    draw_plane(whole, dx + 20, dy + 20, plane, cls, DARK)
    part = Canvas(width, height, DARK.base)
    draw_plane(part, dx, dy, plane, cls, DARK)
    expected = [line[20 : 20 + width] for line in whole.lines()[20 : 20 + height]]
    assert part.lines() == expected


@settings(deadline=None)
@given(planes(), st.sampled_from(NUMBERED + PIXELS))
def test_hit_test_is_the_inverse_of_the_layout(plane: Plane, cls: CellClass) -> None:
    width, height = size_of(plane, cls)
    hits: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for dy, dx in itertools.product(range(-2, height + 2), range(-2, width + 2)):
        cell = cell_at(plane, cls, dx, dy)
        if cell is not None:
            hits.setdefault(cell, set()).add((dx, dy))
    top, left, bottom, right = plane.padding
    every = itertools.product(
        range(-top, plane.rows + bottom, 2 if cls.name == "map" else 1),
        range(-left, plane.cols + right),
    )
    assert set(hits) == set(every)
    for cell, places in hits.items():
        x, y, w, h = place_of(plane, cls, *cell)
        assert places == set(itertools.product(range(x, x + w), range(y, y + h)))


@settings(deadline=None)
@given(planes(), st.sampled_from(NUMBERED))
def test_drawn_cells_are_where_the_hit_test_says(plane: Plane, cls: CellClass) -> None:
    """Every inner cell gets its own symbol; reading the symbols back gives the cells."""
    names = {
        (r, c): chr(0x3B1 + r) + chr(0x3B1 + c)
        for r in range(plane.rows)
        for c in range(plane.cols)
    }
    plane = replace(
        plane,
        mode="symbols",
        first=(0, 0),
        symbols=lambda r, c: names[r, c],
        labels=False,
        notes={},
        text_width=None,
    )
    lines = drawn(plane, cls)
    for cell, name in names.items():
        x, y, w, h = place_of(plane, cls, *cell)
        area = "".join(line[x : x + w] for line in lines[y : y + h])
        assert name in area
    assert sum(line.count(chr(0x3B1)) for line in lines) == plane.rows + plane.cols


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.data(),
    st.sampled_from(NUMBERED),
    st.sampled_from(PALETTES),
)
def test_numbers_read_back(
    rows: int, cols: int, data: st.DataObject, cls: CellClass, palette: Palette
) -> None:
    numbers = st.lists(st.integers(-99, 99), min_size=rows * cols, max_size=rows * cols)
    values = np.array(data.draw(numbers), dtype=float).reshape(rows, cols)
    lines = drawn(Plane(values, labels=False, scale=99), cls, palette)
    read = [[float(t) for t in line.replace("−", "-").split()] for line in lines if line.strip()]
    assert read == values.tolist()


def test_features_in_a_grid_are_labelled_by_their_number() -> None:
    """Also where only a window of the grid is shown."""
    values = np.arange(4.0).reshape(2, 2)
    assert drawn(Plane(values, grid=2), L)[1].split() == ["0", "1"]
    lines = drawn(Plane(values, grid=5, first=(1, 3)), L)
    assert [line.split() for line in (lines[1], lines[5])] == [["8", "9"], ["13", "14"]]


# -- the toy of the first lesson --------------------------------------------------------------


def test_the_toy_in_tall_cells() -> None:
    plane = Plane(
        X, now=(2, 0), field=FIELD, notes={(1, 0): "·1 = 5", (2, 0): "·−1 = −7", (2, 1): "·0"}
    )
    assert drawn(plane, L) == [
        "                               ",
        "  0,0       0,1       0,2      ",
        "     1         6         2     ",
        "                               ",
        "┏━━━━━━━━━━━━━━━━━━━┓          ",
        "┃ 1,0       1,1     ┃ 1,2      ",
        "┃    5         3    ┃    1     ",
        "┃  ·1 = 5           ┃          ",
        "┃                   ┃          ",
        "▐ 2,0     ▌ 2,1     ┃ 2,2      ",
        "▐    7    ▌    0    ┃    4     ",
        "▐ ·−1 = −7▌    ·0   ┃          ",
        "┗━━━━━━━━━━━━━━━━━━━┛          ",
    ]


def test_the_toy_in_low_cells() -> None:
    plane = Plane(X, now=(2, 0), field=FIELD)
    assert drawn(plane, small(4)) == [
        "                ",
        "    1    6    2 ",
        "┏━━━━━━━━━┓     ",
        "┃   5    3┃   1 ",
        "┃         ┃     ",
        "▐   7▌   0┃   4 ",
        "┗━━━━━━━━━┛     ",
    ]
    assert drawn(plane, extra_small(3)) == ["   1   6   2 ", "▐  5   3▌  1 ", "▐  7▌  0▌  4 "]


def test_the_toy_in_ascii() -> None:
    assert drawn(Plane(X, now=(2, 0), field=FIELD), small(4), ascii=True) == [
        "                ",
        "    1    6    2 ",
        "#=========#     ",
        "H   5    3H   1 ",
        "H         H     ",
        "[   7]   0H   4 ",
        "#=========#     ",
    ]


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
@pytest.mark.parametrize("cls", NUMBERED, ids=lambda cls: f"{cls.name}{cls.width}")
def test_marks_do_not_need_colour(cls: CellClass, palette: Palette) -> None:
    values = np.array([[6.0, 0.0, 0.0], [-4.0, np.nan, -np.inf]])
    plane = Plane(
        values,
        known=np.array([[True, True, False], [True, True, True]]),
        winner=np.array([[True, False, True], [False] * 3]),
        clipped=np.array([[False, True, True], [False] * 3]),
        padding=(0, 0, 1, 0),
        now=(1, 0),
        scale=6,
        labels=False,
        text_width=4,
    )
    text = "\n".join(drawn(plane, cls, palette))
    assert text.count("▴") == text.count("▁") == 1
    assert "·" in text
    assert "░" in text
    assert re.search("▐ *−4 *▌", text)
    if cls.width > 4:
        assert "NaN!" in text
        assert "−∞!" in text


def test_suffixes_stand_behind_right_aligned_numbers() -> None:
    mask = np.array([[False, True, False]])
    plane = Plane(np.array([[5.0, 6.0, 0.0]]), winner=mask, clipped=np.array([[0, 0, 1]], bool))
    assert drawn(plane, small(4))[1] == "   5    6▴   0▁ "
    assert value_width(plane) == 3


def test_padding_surrounds_its_zero() -> None:
    plane = Plane(np.ones((1, 1)), padding=(1, 1, 0, 0), now=(-1, -1))
    assert drawn(plane, small(4)) == [
        "           ",
        "▐░░░0▌░░░0 ",
        "           ",
        " ░░░0    1 ",
        " " * 11,
    ]
    tall = drawn(plane, L)
    assert tall[1:4] == ["▐░░░░░░░░░▌░░░░░░░░░ ", "▐    0    ▌    0     ", "▐░░░░░░░░░▌░░░░░░░░░ "]


def test_a_dilated_field_dims_what_it_skips() -> None:
    field = frozenset({(0, 0), (0, 2), (2, 0), (2, 2)})
    canvas = Canvas(13, 7, DARK.base)
    draw_plane(canvas, 0, 0, Plane(X, field=field, scale=8), small(3), DARK)
    assert canvas.style_at(3, 1) == DARK.tile(1 / 8)
    assert canvas.style_at(7, 1) == DARK.dim
    assert canvas.style_at(7, 3) == DARK.dim


def test_a_field_that_hangs_over_the_edge_stays_open() -> None:
    plane = Plane(X, field=frozenset(itertools.product((-1, 0), (-1, 0))))
    assert drawn(plane, small(3)) == [
        "    ┃        ",
        "   1┃  6   2 ",
        "━━━━┛        ",
        "   5   3   1 ",
        "             ",
        "   7   0   4 ",
        "             ",
    ]


def test_scrolled_views_count_from_their_first_cell() -> None:
    plane = Plane(X, first=(12, 5), symbols=lambda r, c: f"{r}{c}", mode="symbols")
    assert drawn(plane, L)[1].split() == ["12,5", "12,6", "12,7"]
    assert drawn(plane, L)[2].split() == ["125", "126", "127"]


def test_one_format_for_the_whole_plane() -> None:
    plane = Plane(np.array([[0.0181, -0.0554, 0.0]]))
    assert drawn(plane, small(6))[1] == "   1.81  −5.54      0 "
    assert drawn(replace(plane, decimals=1, power=-2), small(6))[1].split() == ["1.8", "−5.5", "0"]


def test_long_notes_lose_their_result_first_and_then_go() -> None:
    noted = Plane(np.ones((1, 2)), notes={(0, 0): "·0.25 = 0.25", (0, 1): "·−123.456 = 1"})
    assert drawn(noted, M)[3].split() == ["·0.25"]


def test_numbers_that_do_not_fit_say_so() -> None:
    assert drawn(Plane(np.array([[12345.0]])), small(3))[1] == " 12… "


def test_styles_of_the_states() -> None:
    known = np.array([[True, True, True, False]])
    plane = Plane(np.array([[8.0, -8.0, 0.0, 5.0]]), known=known, scale=8.0, now=(0, 1))
    canvas = Canvas(17, 3, DARK.base)
    draw_plane(canvas, 0, 0, plane, small(3), DARK)
    assert [canvas.style_at(x, 1) for x in (3, 7, 11, 15)] == [
        DARK.tile(1),
        DARK.now,
        DARK.zero_tile,
        DARK.faint,
    ]
    assert canvas.style_at(4, 1) == canvas.style_at(8, 1) == DARK.now_edge


def test_hover_underlines_without_losing_the_tile() -> None:
    canvas = Canvas(13, 7, DARK.base)
    draw_plane(canvas, 0, 0, Plane(X, hover=(0, 1), scale=8), small(3), DARK)
    style = canvas.style_at(7, 1)
    assert style.underline
    assert style.bgcolor == DARK.tile(6 / 8).bgcolor
