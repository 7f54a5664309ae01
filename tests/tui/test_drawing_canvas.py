from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas, cut_pieces, pieces_width
from cnnsim.tui.drawing.palette import DARK

STYLES = [Style(color=colour) for colour in ("red", "green", "blue")]
BASE = Style()
places = st.integers(-12, 20)
sizes = st.integers(0, 14)
plain_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), places, places, plain_text, st.sampled_from(STYLES)),
        st.tuples(st.just("put_right"), places, places, plain_text, st.sampled_from(STYLES)),
        st.tuples(
            st.just("fill"), places, places, sizes, sizes, st.just("x"), st.sampled_from(STYLES)
        ),
        st.tuples(st.just("restyle"), places, places, sizes, sizes, st.sampled_from(STYLES)),
    ),
    max_size=8,
)


class Slow:
    """The same grid as a dictionary of cells, written one by one."""

    def __init__(self, width: int, height: int) -> None:
        self.cells = {(x, y): (" ", BASE) for y in range(height) for x in range(width)}

    def _set(self, x: int, y: int, char: str | None, style: Style) -> None:
        if (x, y) in self.cells:
            self.cells[x, y] = (char or self.cells[x, y][0], style)

    def put(self, x: int, y: int, text: str, style: Style) -> None:
        for i, char in enumerate(text):
            self._set(x + i, y, char, style)

    def put_right(self, x_end: int, y: int, text: str, style: Style) -> None:
        self.put(x_end - len(text), y, text, style)

    def fill(self, x: int, y: int, w: int, h: int, char: str | None, style: Style) -> None:
        for row in range(y, y + h):
            for col in range(x, x + w):
                self._set(col, row, char, style)

    def restyle(self, x: int, y: int, w: int, h: int, style: Style) -> None:
        self.fill(x, y, w, h, None, style)


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(0, 8), operations)
def test_equals_a_grid_written_cell_by_cell(width: int, height: int, steps: list) -> None:
    canvas, slow = Canvas(width, height, BASE), Slow(width, height)
    for name, *arguments in steps:
        getattr(canvas, name)(*arguments)
        getattr(slow, name)(*arguments)
    rows = canvas.rows()
    assert len(rows) == height
    for y, row in enumerate(rows):
        cells = [(char, style) for text, style, _ in row for char in text]
        assert cells == [slow.cells[x, y] for x in range(width)]
        assert all(a.style != b.style for a, b in itertools.pairwise(row))


@settings(deadline=None)
@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.integers(-5, 12), st.text(max_size=8)), max_size=6),
    st.tuples(st.integers(0, 11), st.integers(1, 4)),
)
def test_rows_are_exactly_as_wide_as_the_canvas(
    width: int, texts: list[tuple[int, str]], part: tuple[int, int]
) -> None:
    canvas = Canvas(width, 2, BASE)
    for i, (x, text) in enumerate(texts):
        canvas.put(x, i % 2, text, STYLES[i % 3])
    canvas.restyle(part[0], 0, part[1], 2, STYLES[0])
    for ascii in (False, True):
        for row in canvas.rows(ascii):
            assert all(segment.style is not None for segment in row)
            assert sum(cell_len(segment.text) for segment in row) == width
    assert all(line.isascii() and line.isprintable() for line in canvas.lines(ascii=True))


def test_wide_characters_take_two_cells_or_give_way() -> None:
    canvas = Canvas(6, 3, BASE)
    assert canvas.put(0, 0, "数字a", BASE) == 5
    canvas.put(5, 1, "数", BASE)
    canvas.put(0, 2, "数字", BASE)
    canvas.put(1, 2, "x", BASE)
    assert canvas.lines() == ["数字a ", "     ?", "?x字  "]


def test_control_characters_never_reach_the_terminal() -> None:
    canvas = Canvas(5, 1, BASE)
    canvas.put(0, 0, "a\tb\x1b\n", BASE)
    assert canvas.lines() == ["a b  "]


def test_put_returns_where_the_text_ends() -> None:
    canvas = Canvas(4, 1, BASE)
    assert canvas.put(2, 0, "abc", BASE) == 5
    assert canvas.put_right(4, 0, "xy", BASE) == 2
    assert canvas.lines() == ["  xy"]


def test_blit_keeps_styles() -> None:
    small, large = Canvas(3, 1, STYLES[0]), Canvas(5, 2, STYLES[1])
    small.put(0, 0, "abc", STYLES[2])
    large.blit(small, 3, 1)
    large.blit(small, -2, 0)
    assert large.lines() == ["c    ", "   ab"]
    assert large.style_at(0, 0) == STYLES[2]
    assert large.style_at(3, 1) == STYLES[2]
    assert large.style_at(1, 0) == STYLES[1]


def test_overlay_adds_to_each_style() -> None:
    canvas = Canvas(3, 1, BASE)
    canvas.put(0, 0, "a", STYLES[0])
    canvas.overlay(0, 0, 2, 1, Style(underline=True))
    assert canvas.style_at(0, 0) == STYLES[0] + Style(underline=True)
    assert canvas.style_at(1, 0) == Style(underline=True)
    assert canvas.style_at(2, 0) == BASE


def framed(width: int, **titles: str) -> list[str]:
    canvas = Canvas(width, 3, DARK.base)
    canvas.frame(DARK, **{side: [(text, DARK.dim)] for side, text in titles.items()})
    return canvas.lines()


def test_frame_places_its_titles() -> None:
    assert framed(28, title="input  x  1×3×3", right="tab", bottom_left="385/729") == [
        "╭─ input  x  1×3×3 ── tab ─╮",
        "│                          │",
        "╰─ 385/729 ────────────────╯",
    ]


def test_frame_drops_the_right_title_before_it_cuts_the_left_one() -> None:
    assert framed(22, title="input  x  1×3×3", right="tab")[0] == "╭─ input  x  1×3×3 ──╮"
    assert framed(12, title="input  x  1×3×3", right="tab")[0] == "╭─ input… ─╮"
    assert framed(12, bottom_right="−8 … +8 and more")[2] == "╰──────────╯"


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 5), *[st.text(max_size=20)] * 4, st.booleans())
def test_frame_never_loses_its_corners(
    width: int, height: int, a: str, b: str, c: str, d: str, focused: bool
) -> None:
    canvas = Canvas(width, height, DARK.base)
    pieces = [[(text, DARK.dim), ("!", DARK.bold)] for text in (a, b, c, d)]
    canvas.frame(
        DARK,
        title=pieces[0],
        right=pieces[1],
        bottom_left=pieces[2],
        bottom_right=pieces[3],
        focused=focused,
    )
    if width >= 2 and height >= 2:
        lines = canvas.lines()
        assert (lines[0][0], lines[0][-1]) == ("╭", "╮")
        assert (lines[-1][0], lines[-1][-1]) == ("╰", "╯")
        style = DARK.focus_line if focused else DARK.line
        assert canvas.style_at(0, 0) == canvas.style_at(width - 1, height - 1) == style
        assert all(cell_len(line) == width for line in lines)


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.integers(1, 20))
def test_cut_pieces_fit(texts: list[str], width: int) -> None:
    pieces = [(text, BASE) for text in texts]
    cut = cut_pieces(pieces, width)
    assert pieces_width(cut) <= width
    assert (cut == pieces) == (pieces_width(pieces) <= width)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 3), (3, 0), (-1, 2)])
def test_empty_canvases_are_harmless(width: int, height: int) -> None:
    canvas = Canvas(width, height, BASE)
    canvas.put(0, 0, "abc", BASE)
    canvas.fill(0, 0, 5, 5, "x", BASE)
    canvas.frame(DARK, title=[("t", BASE)])
    assert canvas.rows() == [[] for _ in range(max(height, 0))]
