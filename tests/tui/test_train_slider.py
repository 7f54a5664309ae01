"""The slider and the watched weight without a terminal: what they draw, what a click means."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from cnnsim.network.optimizer import Optimizer
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.pull import pull_on
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry
from cnnsim.training.schedule import Change
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette
from cnnsim.tui.stage.formula import written_out
from cnnsim.tui.train.charts import draw_accuracy, draw_loss
from cnnsim.tui.train.entries import entry_of
from cnnsim.tui.train.figures import draw_figures
from cnnsim.tui.train.filters import cell_of, draw_filters
from cnnsim.tui.train.layout import slider_rows
from cnnsim.tui.train.rates import rate_at, rate_text
from cnnsim.tui.train.scene import Scene, Watch
from cnnsim.tui.train.slider import draw_slider, rail_of
from cnnsim.tui.train.view import Epoch, Filters, RunView
from cnnsim.tui.train.view import Tested as Judged
from cnnsim.tui.train.weight import draw_weight, rooms, row_at, rows_of, step_of

STEPPER = Stepper(read_scenario("train_by_hand"))
SLOT = STEPPER.scenario.iteration.slots[0]
INDEX = tuple(extent - 1 for extent in SLOT.shape)
PULL = pull_on(STEPPER, 0, SLOT.name, INDEX)
POINTS = tuple((number, float(np.sin(number / 9))) for number in range(0, 121, 8))
FILTERS = Filters("conv1.w", 3, 2, np.linspace(-1, 1, 27).reshape(3, 3, 3), (1.0, 2.0, 3.0))
TESTED = Judged(60, ("a", "b"), np.array([[20, 5], [3, 32]]), 60, 52, (), 0.75)


def scene(at: int | None = 60, **changes: Any) -> Scene:
    rows = tuple(Epoch(number, 2 / number, 3 / number, 0.5 + number / 20) for number in range(1, 5))
    run = RunView(
        "net", 0, "/runs/net", 4, 32, "adam", 0.01, state="finished", rows=rows, iteration=120,
        iterations=120, filters=FILTERS, tested=TESTED, batch_loss=0.625,
    )  # fmt: skip
    watch = Watch((SLOT.name, INDEX), POINTS, 120, PULL)
    given = Scene((run,), 0, True, 0, None, True, DARK, False, at, "", watch)
    return dataclasses.replace(given, **changes)


def lines(painter: Any, shown: Scene, width: int, height: int) -> list[str]:
    canvas = Canvas(width, height, DARK.base)
    painter(canvas, shown)
    return canvas.lines()


@pytest.mark.parametrize("height", [1, 2])
@pytest.mark.parametrize("at", [0, 1, 60, 119, None])
def test_the_dot_stands_where_the_mouse_would_have_to_be(at: int | None, height: int) -> None:
    shown = scene(at)
    rail = lines(draw_slider, shown, 120, height)[0]
    left, width = rail_of(120, height)
    assert rail.index("●") == left + round((120 if at is None else at) / 120 * (width - 1))
    text = "\n".join(lines(draw_slider, shown, 120, height))
    assert ("update 120, the end" if at is None else f"update {at} of 120") in text
    busy = "\n".join(lines(draw_slider, scene(at, busy="computing 40%"), 120, height))
    assert "computing 40%" in busy


@pytest.mark.parametrize(
    ("at", "end", "busy", "said"),
    [
        (60, 120, "computing 40%", "60 computing 40%"),
        (60, 120, "computing the gradient", "60 computing"),
        (60, 120, "compiling conv1.backward_w, the first time only", "60 compiling"),
        (57_480, 143_700, "opening the stepper", "57,480 opening"),
        (574_800, 1_437_000, "", "574,800 of 1,437,000"),
        (5_748, 14_370, "", "update 5,748 of 14,370"),
        (None, 28_740, "", "28,740, the latest"),
    ],
)
def test_in_one_row_the_slider_says_whole_words(
    at: int | None, end: int, busy: str, said: str
) -> None:
    given = scene(None).run
    run = dataclasses.replace(given, iteration=end, iterations=2 * end, state="running")
    [line] = lines(draw_slider, scene(at, busy=busy, runs=(run,)), 80, 1)
    assert line[2 : rail_of(80, 1)[0]].rstrip() == said


def test_the_bar_beside_the_epoch_is_as_long_as_the_slider_says() -> None:
    def bar(at: int | None) -> Canvas:
        canvas = Canvas(120, 2, DARK.base)
        draw_figures(canvas, scene(at))
        return canvas

    def filled(canvas: Canvas) -> int:
        return sum(
            len(segment.text)
            for segment in canvas.rows(False)[1]
            if segment.style == DARK.now_text and set(segment.text) <= {"━", "╸"}
        )

    full = filled(bar(None))
    assert full > 8
    assert filled(bar(0)) == 0
    assert abs(filled(bar(60)) - full / 2) <= 1


@pytest.mark.parametrize("number", [0, 3, 59, 60, 119])
def test_the_rate_of_an_update_is_what_the_rule_of_the_schedule_says(number: int) -> None:
    given = Optimizer(
        optimizer="sgd", rate=0.1, epochs=4, batch=32, schedule="cosine", warm_up=0.5
    )  # fmt: skip
    base = 0.1 if number < 60 else 0.02
    warm_up, total = 15, 120
    factor = (number + 1) / warm_up
    if number >= warm_up:
        factor = (1 + math.cos(math.pi * (number - warm_up) / (total - warm_up))) / 2
    assert rate_at(given, number, 30, (Change(60, 0.02),)) == pytest.approx(base * factor)


@pytest.mark.parametrize(
    ("rate", "text"), [(1.2225e-06, "1.22e−06"), (0.00329, "0.00329"), (0.1, "0.1"), (2.0, "2")]
)
def test_a_rate_has_three_digits_and_the_minus_of_all_numbers(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_two_rows_where_there_is_height() -> None:
    assert [slider_rows(height) for height in (16, 24, 36, 60)] == [1, 1, 2, 2]


@pytest.mark.parametrize("state", ["running", "paused", "stopped", "finished", "watching"])
def test_only_epochs_that_are_over_are_counted(state: Any) -> None:
    """An epoch has 30 updates; three are over, and update 100 is in the fourth."""
    given = scene(None)
    run = dataclasses.replace(given.run, rows=given.run.rows[:3], iteration=100, state=state)
    for at, done in ((None, 3), (95, 3), (90, 3), (89, 2), (31, 1), (30, 1), (29, 0), (0, 0)):
        for width in (60, 80, 120):
            shown = scene(at, runs=(run,))
            names, numbers = lines(draw_figures, shown, width, 2)
            assert names.split()[: 1 + (width > 60)] == ["epochs", "done"][: 1 + (width > 60)]
            assert numbers.split()[:3] == [str(done), "of", "4"]


def test_numbers_and_curves_show_the_slider() -> None:
    text = lines(draw_figures, scene(), 120, 2)
    assert "batch loss" in text[0]
    for each in ("2 of 4", "0.625", "0.750", "86.7%", "of 60"):
        assert each in text[1]
    assert "batch loss" not in lines(draw_figures, scene(None), 120, 2)[0]
    # Update 60 of 30 an epoch is the end of epoch 2, the second of four places.
    chart = lines(draw_loss, scene(), 60, 16)
    columns = {line.index("│") for line in chart if "│" in line}
    assert len(columns) == 1
    assert not any("│" in line for line in lines(draw_loss, scene(None), 60, 16))


@pytest.mark.parametrize(
    ("early", "words"),
    [((), ""), ((0.1,), "  1 epoch below"), ((0.1, 0.3), "  2 epochs below")],
)
def test_epochs_below_the_axis_are_counted(early: tuple[float, ...], words: str) -> None:
    # The last three quarters lie above 90 %, where the axis begins.
    accuracies = (*early, *[0.92, 0.94, 0.96] * 5)
    rows = tuple(Epoch(number, 1.0, 1.0, value) for number, value in enumerate(accuracies, 1))
    shown = scene(None)
    shown = dataclasses.replace(shown, runs=(dataclasses.replace(shown.run, rows=rows),))
    title = draw_accuracy(Canvas(60, 16, DARK.base), shown).title
    assert "".join(text for text, _ in title) == "accuracy" + words


@pytest.mark.parametrize(("width", "height"), [(51, 15), (80, 7), (120, 30)])
def test_a_click_means_the_row_that_is_drawn_there(width: int, height: int) -> None:
    for chosen in range(rows_of(PULL)):
        watch = dataclasses.replace(scene().watch, chosen=chosen)
        shown = scene(watch=watch)
        drawn = lines(draw_weight, shown, width, height)
        found = {
            row for y in range(height) for x in (width - 5,)
            if (row := row_at(shown, width, height, x, y)) is not None
        }  # fmt: skip
        assert chosen in found
        said: dict[int, str] = {}
        for y in range(height):
            row = row_at(shown, width, height, width - 5, y)
            if row is not None:
                said[row] = said.get(row, "") + drawn[y]
        for row, text in said.items():
            if row < len(PULL.rules):
                assert PULL.rules[row].sweep.name in text
    for row, step in enumerate((*PULL.rules, *PULL.terms)):
        assert step_of(PULL, row) == step.step


@pytest.mark.parametrize("width", [30, 51, 80])
def test_the_chosen_row_has_a_mark_besides_its_colour(width: int) -> None:
    for chosen in range(rows_of(PULL)):
        shown = scene(watch=dataclasses.replace(scene().watch, chosen=chosen))
        drawn = lines(draw_weight, shown, width, 16)
        left = rooms(width, 16)[1][0]
        [marked] = [y for y, line in enumerate(drawn) if line[left:].startswith("▸ ")]
        assert row_at(shown, width, 16, width - 5, marked) == chosen


@pytest.mark.parametrize("width", [30, 41, 51, 80, 120])
def test_no_digit_of_a_rule_is_lost(width: int) -> None:
    for row, rule in enumerate(PULL.rules):
        shown = scene(watch=dataclasses.replace(scene().watch, chosen=row))
        drawn = lines(draw_weight, shown, width, 30)
        left = rooms(width, 30)[1][0]
        at = [y for y in range(30) if row_at(shown, width, 30, width - 5, y) == row]
        said = "".join(drawn[y][left:] for y in at)
        whole = f"▸{rule.sweep.name}{number(rule.value)}={written_out(rule.sweep, rule.values)}"
        assert said.replace(" ", "") == whole.replace(" ", "")
        # A line breaks before an operator, never within a number.
        for y in at[1:]:
            assert not drawn[y][left:].strip()[0].isdigit() or width < 40


def test_the_weight_says_what_it_is() -> None:
    text = "\n".join(lines(draw_weight, scene(), 120, 30))
    assert f"{PULL.count} terms" in text
    assert " = " in text
    words = draw_weight(Canvas(120, 30, DARK.base), scene())
    said = "".join(piece for piece, _ in (*words.title, *words.bottom))
    assert format_entry(SLOT.name, INDEX) in said
    assert "every 8th update" in said
    nothing = "\n".join(lines(draw_weight, scene(watch=None), 60, 10))
    assert "w chooses a number" in nothing


def test_what_lies_between_far_points_is_not_drawn() -> None:
    whole = lines(draw_weight, scene(), 60, 20)
    some = tuple(point for point in POINTS if point[0] < 40 or point[0] > 88)
    gap = scene(watch=dataclasses.replace(scene().watch, points=some))
    holed = lines(draw_weight, gap, 60, 20)
    braille = range(0x2801, 0x2900)

    def dots(drawn: list[str]) -> int:
        return sum(ord(char) in braille for line in drawn for char in line)

    assert 0 < dots(holed) < 0.75 * dots(whole)


def test_a_click_on_a_filter_is_its_weight() -> None:
    shown = scene()
    drawn = {}
    for y in range(12):
        for x in range(40):
            if (place := cell_of(shown, 40, 12, x, y)) is not None:
                drawn.setdefault(place, (x, y))
    assert {place[0] for place in drawn} == {0, 1, 2}
    assert {place[2] for place in drawn} == {0, 1, 2}
    # The same places are marked where that weight is watched.
    for place in ((0, 0, 1), (2, 2, 2)):
        tensor, index = entry_of(FILTERS, place, (3, 2, 3, 3))
        assert (tensor, index) == ("conv1.w", (place[0], 0, *place[1:]))
        marked = scene(watch=Watch((tensor, index)))
        before, after = Canvas(40, 12, DARK.base), Canvas(40, 12, DARK.base)
        draw_filters(before, scene(watch=None))
        draw_filters(after, marked)
        assert after.changed_rows(before, False)
    assert entry_of(FILTERS, (1, 2, 0), (3, 18)) == ("conv1.w", (1, 6))


@pytest.mark.parametrize("painter", [draw_slider, draw_weight, draw_figures, draw_loss])
@pytest.mark.parametrize("palette", [DARK, LIGHT, ANSI, MONO], ids=lambda each: each.name)
@pytest.mark.parametrize("is_ascii", [False, True])
def test_it_is_drawn_at_any_size(painter: Any, palette: Palette, is_ascii: bool) -> None:
    for at in (None, 0, 60):
        for width in (12, 30, 61, 198):
            for height in (1, 2, 5, 9, 40):
                canvas = Canvas(width, height, palette.base)
                painter(canvas, scene(at, palette=palette, ascii=is_ascii))
                text = "".join(segment.text for row in canvas.rows(is_ascii) for segment in row)
                assert not is_ascii or text.isascii()
