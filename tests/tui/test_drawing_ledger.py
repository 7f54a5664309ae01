from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.ledger import (
    LABELS,
    TermColumn,
    draw_equation,
    draw_ledger,
    ledger_columns,
    ledger_window,
)
from cnnsim.tui.drawing.palette import DARK

READS = [(5.0, 1.0), (3.0, 2.0), (7.0, -1.0), (0.0, 0.0)]
FORMULAS = ["5·1", "3·2", "7·(−1)", "0·0"]
TAPS = ["0,0", "0,1", "1,0", "1,1"]


def toy(step: int) -> list[TermColumn]:
    """The four taps of out[0,1,0], tap number `step` being computed."""
    terms, total = [], 0.0
    for i, (a, b) in enumerate(READS):
        total += a * b
        known = i <= step
        terms.append(
            TermColumn(
                TAPS[i],
                (a, b),
                FORMULAS[i],
                a * b if known else None,
                total if known else None,
                "done" if i < step else "now" if i == step else "later",
            )
        )
    return terms


def equation(width: int, step: int = 2, **options: object) -> Canvas:
    canvas = Canvas(width, 4, DARK.base)
    draw_equation(canvas, 0, 0, width, "0", toy(step), DARK, **options)  # type: ignore[arg-type]
    return canvas


def test_the_equation_of_the_toy() -> None:
    lines = [line.split() for line in equation(114).lines()]
    assert lines == [
        ["terms", "0", "+", "5·1", "+", "3·2", "+", "▐7·(−1)▌", "+", "0·0", "=", "·"],
        ["product", "bias", "+5", "+6", "−7", "·"],
        ["running", "sum", "0", "5", "11", "4", "·"],
        ["tap", "0,0", "0,1", "1,0", "1,1"],
    ]


def test_rows_of_the_equation_stand_in_columns() -> None:
    lines = equation(114).lines()
    for column, texts in enumerate(zip(FORMULAS, ["+5", "+6", "−7", "·"], TAPS, strict=True)):
        at = lines[3].index(TAPS[column])
        assert lines[0][at:].startswith(texts[0])
        assert lines[1][at:].startswith(texts[1])


def columns_of(canvas: Canvas) -> list[int]:
    line = canvas.lines()[0]
    return [line.index(formula) for formula in FORMULAS if formula in line]


@settings(deadline=None)
@given(st.integers(20, 160))
def test_columns_never_shift_between_steps(width: int) -> None:
    assert len({tuple(columns_of(equation(width, step))) for step in range(4)}) == 1


@settings(deadline=None)
@given(st.integers(1, 160))
def test_the_equation_stays_whole_or_says_what_is_left_out(width: int) -> None:
    canvas = Canvas(width + 4, 4, DARK.base)
    draw_equation(canvas, 0, 0, width, "0", toy(0), DARK)
    lines = canvas.lines()
    if width >= 60:
        assert all(line[width:] == "    " for line in lines)
        assert all(formula in lines[0] for formula in FORMULAS)
        assert all(tap in lines[3] for tap in TAPS)
    else:
        assert lines[0].rstrip().endswith("…") or width < 20


def test_the_plate_and_the_gold_sum() -> None:
    canvas = equation(114)
    at = canvas.lines()[0].index("7·(−1)")
    assert canvas.style_at(at, 0) == DARK.now
    assert canvas.style_at(at - 1, 0) == canvas.style_at(at + 6, 0) == DARK.now_edge
    assert canvas.style_at(at, 2).color == DARK.now_text.color
    first = canvas.lines()[0].index("5·1")
    assert canvas.style_at(first, 1) == DARK.plus


def test_options_of_the_equation() -> None:
    done = equation(114, 3, result="4", start_label="seed", tap_label="oy,ox").lines()
    assert done[0].rstrip().endswith("4")
    assert "seed" in done[1]
    assert done[3].startswith("oy,ox")
    short = equation(76, rows=3).lines()
    assert short[2].startswith("sum")
    assert not short[3].strip()


def test_a_tap_outside_is_named() -> None:
    canvas = Canvas(100, 4, DARK.base)
    term = TermColumn("0,0", (0.0, 2.0), "0·2", 0.0, 0.0, "done", "padding")
    draw_equation(canvas, 0, 0, 100, "0", [term], DARK)
    assert "+0 padding" in canvas.lines()[1]


def taps(window: range, now: int) -> list[TermColumn]:
    return [
        TermColumn(
            f"{i // 25},{i // 5 % 5},{i % 5}",
            (i / 7, -0.01 * i),
            "",
            -0.01 * i * i / 7 if i <= now else None,
            float(-i) if i <= now else None,
            "done" if i < now else "now" if i == now else "later",
            "padding" if i == 798 else None,
        )
        for i in window
    ]


def ledger(now: int, width: int = 113) -> list[str]:
    window = ledger_window(now, 2400, width)
    canvas = Canvas(width, 6, DARK.base)
    draw_ledger(
        canvas,
        0,
        0,
        width,
        taps(window, now),
        DARK,
        first=window.start,
        tap_label="ci,ky,kx",
        formats=((3, 0), (4, 0), (4, 0), (4, 0)),
    )
    return canvas.lines()


def test_the_ledger_shows_eleven_taps_with_now_in_the_sixth_column() -> None:
    lines = ledger(800)
    assert lines[0].replace("▐", " ").replace("▌", " ").split() == [
        "tap",
        *map(str, range(795, 806)),
    ]
    assert lines[1].split()[0] == "ci,ky,kx"
    start = LABELS + 5 * 9
    for line in lines:
        assert line[start - 1] == "▐"
        assert line[start + 8] == "▌"
    assert lines[0][start : start + 8] == "     800"
    assert lines[1][start : start + 8] == "  32,0,0"
    assert lines[4].count("·") == lines[5].count("·") == 5


def test_the_ledger_marks_padding_and_signs_its_products() -> None:
    lines = ledger(800)
    assert "░114.000" in lines[2]
    products = lines[4].replace("▐", " ").replace("▌", " ").split()[2:8]
    assert all(text[0] == "−" for text in products)


@settings(deadline=None)
@given(st.integers(0, 2399), st.integers(40, 200))
def test_ledger_columns_keep_their_place(now: int, width: int) -> None:
    window = ledger_window(now, 2400, width)
    columns = ledger_columns(width)
    assert now in window
    assert len(window) == min(columns, 2400)
    if columns >= 11 and 5 <= now <= 2400 - columns:
        assert now - window.start == 5
    lines = ledger(now, width)
    assert all(len(line) == width for line in lines)
    for i in range(columns):
        end = LABELS + i * 9 + 8
        assert lines[0][end - 1].isdigit()


@pytest.mark.parametrize(("now", "total"), [(None, 4), (0, 1), (3, 4), (None, 0)])
def test_windows_of_short_sums(now: int | None, total: int) -> None:
    assert ledger_window(now, total, 113) == range(total)


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 1e6])
def test_numbers_of_every_size_fit_their_column(scale: float) -> None:
    terms = [
        TermColumn(str(i), (scale * i / 3,), "", -scale * i, scale * i, "done") for i in range(6)
    ]
    canvas = Canvas(100, 6, DARK.base)
    draw_ledger(canvas, 0, 0, 100, terms, DARK, read_labels=("dy",))
    lines = canvas.lines()
    assert "…" not in "".join(lines)
    # 5/3 of the scale is the largest: a power of ten stands in the label, but for plain numbers.
    powers = {1e-7: "×10⁻⁷", 1e-3: "×10⁻³", 1.0: "", 1e6: "×10⁶"}
    assert lines[2].split()[1].startswith("×") == (scale != 1.0)
    assert powers[scale] in lines[2]
