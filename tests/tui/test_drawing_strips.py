"""Timeline, bars, curves and the colour key."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from cnnsim.tui.drawing.bar import bar_text, draw_bar
from cnnsim.tui.drawing.canvas import Canvas, pieces_width
from cnnsim.tui.drawing.curve import column_of as curve_column
from cnnsim.tui.drawing.curve import draw_curve, limits_of, row_of
from cnnsim.tui.drawing.key import colour_key, signed_key
from cnnsim.tui.drawing.palette import DARK, MONO
from cnnsim.tui.drawing.timeline import Tick, column_of, draw_timeline, fraction_at

# -- timeline ---------------------------------------------------------------------------------

TOY = [
    Tick(0.0, "out[0,0] = 8"),
    Tick(0.25, "out[0,1] = 7"),
    Tick(0.5, "out[1,0]", True),
    Tick(0.75, "out[1,1]"),
]


def timeline(ticks: list[Tick], position: float, width: int) -> list[str]:
    canvas = Canvas(width, 2, DARK.base)
    draw_timeline(canvas, 0, 0, width, ticks, position, DARK)
    return canvas.lines()


def test_the_timeline_of_the_toy() -> None:
    assert timeline(TOY, 0.6, 57) == [
        "┿━━━━━━━━━━━━━┿━━━━━━━━━━━━━┿━━━━━●───────┼──────────────",
        "out[0,0] = 8  out[0,1] = 7  out[1,0]      out[1,1]       ",
    ]
    # Too narrow for all labels: the current one stays, its neighbour goes.
    assert timeline(TOY, 0.6, 30) == [
        "┿━━━━━━┿━━━━━━┿━━●────┼───────",
        "out[0,0] = 8  out[1,0]        ",
    ]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.text("abc", max_size=12)), max_size=12),
    st.floats(-0.5, 1.5),
    st.integers(1, 60),
    st.integers(0, 11),
)
def test_labels_never_overlap_and_the_current_one_stands(
    places: list[tuple[float, str]], position: float, width: int, now: int
) -> None:
    ticks = [Tick(p, f"<{label}>", i == now) for i, (p, label) in enumerate(places)]
    rail, labels = timeline(ticks, position, width)
    assert rail.count("●") == 1
    assert rail.index("●") == column_of(position, width)
    # The first label may be cut where it alone is wider than the rail.
    words = labels.split()
    whole = {tick.label for tick in ticks}
    assert all(word in whole or len(word) == width for word in words)
    if now < len(places):
        assert ticks[now].label[:width] in labels


@settings(deadline=None)
@given(st.integers(2, 300), st.data())
def test_columns_and_fractions_are_inverse(width: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, width - 1))
    assert column_of(fraction_at(x, width), width) == x


def test_fractions_are_clipped() -> None:
    assert fraction_at(-3, 10) == 0
    assert fraction_at(99, 10) == 1
    assert fraction_at(0, 1) == 0


def test_dense_ticks_stand_only_with_their_label() -> None:
    ticks = [Tick(i / 99, f"cell {i}") for i in range(100)]
    rail, labels = timeline(ticks, 0.0, 80)
    assert rail.count("┼") == labels.count("cell") - 1  # the dot covers the first


# -- bars -------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 60))
def test_bars_are_right_to_half_a_column(fraction: float, width: int) -> None:
    text = bar_text(fraction, width)
    length = text.count("━") + 0.5 * text.count("╸")
    assert len(text) <= width
    if fraction * width >= 0.25:
        assert abs(length - fraction * width) <= 0.25 + 1e-9
    else:
        assert length == (0.5 if fraction > 0 else 0)


def test_bars_stand_on_a_rail() -> None:
    canvas = Canvas(8, 1, DARK.base)
    draw_bar(canvas, 0, 0, 8, 0.44, DARK)
    assert canvas.lines() == ["━━━╸────"]
    assert canvas.style_at(0, 0) == DARK.focus_line
    assert canvas.style_at(7, 0) == DARK.line


# -- curves -----------------------------------------------------------------------------------

DOTS = [(0, 0, 1), (0, 1, 2), (0, 2, 4), (1, 0, 8), (1, 1, 16), (1, 2, 32), (0, 3, 64), (1, 3, 128)]


def pixels(canvas: Canvas) -> set[tuple[int, int]]:
    """Lit pixels (x, y from the top), read from the characters."""
    lit = set()
    for y, line in enumerate(canvas.lines()):
        for x, char in enumerate(line):
            if 0x2800 <= ord(char) < 0x2900:
                bits = ord(char) - 0x2800
                lit |= {(2 * x + dx, 4 * y + dy) for dx, dy, bit in DOTS if bits & bit}
    return lit


def curve(values: list[float], w: int, h: int, limits: tuple[float, float] = (0.0, 1.0)) -> Canvas:
    canvas = Canvas(w, h, DARK.base)
    draw_curve(canvas, 0, 0, w, h, np.array(values), None, limits, DARK, DARK.base)
    return canvas


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.integers(1, 30), st.integers(1, 9))
def test_each_value_lies_on_the_curve(values: list[float], w: int, h: int) -> None:
    lit = pixels(curve(values, w, h))
    count = len(values)
    for i, value in enumerate(values):
        y = round((1 - value) * (4 * h - 1))
        if count > 2 * w:
            # Column c takes the values from c·count//2w on, up to the next column's first.
            x = max(c for c in range(2 * w) if c * count // (2 * w) <= i)
        else:
            x = round(i * (2 * w - 1) / max(count - 1, 1))
        assert {(x, y - 1), (x, y), (x, y + 1)} & lit


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=80), st.integers(2, 20), st.integers(1, 6))
def test_the_curve_is_connected(values: list[float], w: int, h: int) -> None:
    columns: dict[int, list[int]] = {}
    for x, y in sorted(pixels(curve(values, w, h))):
        columns.setdefault(x, []).append(y)
    assert sorted(columns) == list(range(2 * w))
    for ys in columns.values():
        assert ys == list(range(ys[0], ys[-1] + 1))
    for left, right in itertools.pairwise(columns[x] for x in range(2 * w)):
        assert left[0] <= right[-1] + 1
        assert right[0] <= left[-1] + 1


def test_nan_leaves_a_gap() -> None:
    nan = float("nan")
    columns = {x for x, _ in pixels(curve([1, 1, 1, nan, nan, nan, nan, 0, 0, 0], 5, 2))}
    assert columns == {0, 1, 2, 7, 8, 9}
    assert not pixels(curve([nan] * 5, 5, 2))
    assert not pixels(curve([], 5, 2))
    assert len(pixels(curve([nan, 0.5, nan], 3, 2))) == 1


def test_two_curves_share_their_characters() -> None:
    canvas = Canvas(4, 1, DARK.base)
    for value, style in ((1.0, DARK.dim), (0.0, DARK.good)):
        draw_curve(canvas, 0, 0, 4, 1, np.full(8, value), None, (0, 1), DARK, style)
    assert canvas.lines() == ["⣉⣉⣉⣉"]
    assert canvas.style_at(0, 0) == DARK.good


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 40), st.data())
def test_now_stands_on_its_value(count: int, w: int, data: st.DataObject) -> None:
    now = data.draw(st.integers(0, count - 1))
    values = np.linspace(0, 1, count)
    canvas = Canvas(w, 5, DARK.base)
    draw_curve(canvas, 0, 0, w, 5, values, now, (0, 1), DARK, DARK.base)
    row = row_of(float(values[now]), (0, 1), 5)
    assert canvas.lines()[row][curve_column(now, count, w)] == "●"


def test_limits_and_clipping() -> None:
    assert limits_of([3, float("nan"), -1, float("inf")]) == (-1, 3)
    assert limits_of([]) == (0, 1)
    assert row_of(5, (0, 1), 4) == 0
    assert row_of(-5, (0, 1), 4) == 3
    assert {y for _, y in pixels(curve([9, 9], 2, 2))} == {0}
    assert pixels(curve([2, 2], 2, 1, (2, 2)))
    outside = Canvas(3, 2, DARK.base)
    draw_curve(outside, -2, -1, 9, 4, np.linspace(0, 1, 9), 4, (0, 1), DARK, DARK.base)
    assert all(len(line) == 3 for line in outside.lines())


# -- the colour key ---------------------------------------------------------------------------


def test_the_key_runs_over_the_map() -> None:
    key = colour_key(DARK, "−8", "+8", width=5)
    assert "".join(text for text, _ in key) == "−8 ▄▄▄▄▄ +8"
    assert pieces_width(key) == 11
    grounds = [DARK.tile(t).bgcolor for t in (-1, -0.5, 0, 0.5, 1)]
    assert [style.color for _, style in key[1:-1]] == grounds
    bare = colour_key(DARK, "−1", "+1", width=3, numbered=False)
    picture = colour_key(DARK, "0", "1", width=3, picture=True)
    for pieces, stops in ((bare, DARK.signs[::2]), (picture, DARK.ink_stops)):
        colours = [style.color for _, style in pieces[1:-1]]
        assert [color.name for color in colours if color is not None] == list(stops)


@settings(deadline=None)
@given(st.floats(1e-30, 1e30), st.booleans())
def test_the_ends_of_the_key_are_what_full_colour_stands_for(scale: float, numbered: bool) -> None:
    key = signed_key(DARK, scale, numbered=numbered)
    ends = [float(text.strip().replace("−", "-")) for text, _ in (key[0], key[-1])]
    assert ends == pytest.approx([-scale, scale], rel=0.05)


def test_the_key_without_colours_is_words() -> None:
    assert colour_key(MONO, "−8", "+8") == (("−8 … +8", Style(dim=True)),)
