"""The drawing pad without a terminal."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from alone import Alone
from hypothesis import given
from hypothesis import strategies as st
from texts import classifier, layer
from textual.geometry import Region

from cnnsim.errors import UsageError
from cnnsim.scenario.picture import digit_picture, digits
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.preprocess import as_bits, centred, count_blocks
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.pad.judge import Judge
from cnnsim.tui.pad.padnet import _paper
from cnnsim.tui.pad.sheet import Sheet
from cnnsim.tui.widgets.padpanel import PadPanel
from cnnsim.tui.widgets.sharespanel import SharesPanel

#: The strokes of every digit, corner by corner, in a sheet of 1 by 1: (row, column).
STROKES = {
    0: [[(0, 0.5), (0.2, 0.2), (0.5, 0.15), (0.8, 0.2), (1, 0.5), (0.8, 0.8), (0.5, 0.85),
         (0.2, 0.8), (0, 0.5)]],
    1: [[(0.2, 0.3), (0, 0.5), (1, 0.5)]],
    2: [[(0.2, 0.15), (0, 0.5), (0.25, 0.85), (1, 0.12), (1, 0.88)]],
    3: [[(0.1, 0.15), (0, 0.5), (0.25, 0.8), (0.5, 0.45), (0.74, 0.82), (1, 0.45), (0.87, 0.13)]],
    4: [[(0, 0.6), (0.65, 0.1), (0.65, 0.9)], [(0.35, 0.65), (1, 0.65)]],
    5: [[(0, 0.85), (0, 0.2), (0.42, 0.2), (0.4, 0.6), (0.69, 0.83), (1, 0.45), (0.9, 0.15)]],
    6: [[(0, 0.8), (0.5, 0.15), (0.7, 0.15), (1, 0.5), (0.7, 0.85), (0.42, 0.5), (0.7, 0.15)]],
    7: [[(0, 0.15), (0, 0.85), (1, 0.4)], [(0.5, 0.35), (0.5, 0.9)]],
    8: [[(0, 0.5), (0.25, 0.8), (0.5, 0.5), (0.75, 0.84), (1, 0.5), (0.75, 0.16), (0.5, 0.5),
         (0.25, 0.2), (0, 0.5)]],
    9: [[(0.3, 0.83), (0, 0.5), (0.3, 0.17), (0.6, 0.5), (0.3, 0.83), (1, 0.6)]],
}  # fmt: skip

places = st.tuples(st.floats(-5, 40), st.floats(-5, 40))


@given(places, places)
def test_bits_are_bits_and_an_eraser_takes_them_away(start, end) -> None:
    sheet = Sheet(32, 32, True, 1.5)
    sheet.draw(start, end)
    assert set(np.unique(sheet.ink)) <= {0.0, 1.0}
    sheet.erase(start, end)
    assert sheet.is_blank


@pytest.mark.parametrize(("down", "across"), [(1, 1), (2, 1), (4, 2), (6, 3)])
@pytest.mark.parametrize(("side", "radius"), [(28, 1.0), (32, 2.0), (64, 0.75)])
def test_an_eraser_reaches_all_that_the_mouse_can_point_at(
    side: int, radius: float, down: int, across: int
) -> None:
    """Where each place of the mouse stands for so many rows and columns of pixels."""
    sheet = Sheet(side, side, False, radius)
    sheet.show(np.full((side, side), 0.7))
    middle, last = (across - 1) / 2, (side - 1) // across * across + (across - 1) / 2
    for top in range(0, side, down):
        row = top + (down - 1) / 2
        sheet.erase((row, middle), (row, last), np.hypot(down - 1, across - 1) / 2)
    assert sheet.is_blank


def test_a_stroke_is_a_band_as_wide_as_the_pen() -> None:
    """Against the distance of every pixel from the line, worked out by itself."""
    sheet = Sheet(28, 28, False, 1.25)
    sheet.draw((4, 4), (20, 16))
    direction = np.array([16, 12]) / 20
    for row in range(28):
        for column in range(28):
            along = float(np.clip((row - 4) * direction[0] + (column - 4) * direction[1], 0, 20))
            distance = np.hypot(row - 4 - along * direction[0], column - 4 - along * direction[1])
            assert sheet.ink[row, column] == pytest.approx(min(max(1.75 - distance, 0), 1))


def test_digits_as_high_as_the_sheet_have_as_much_ink_as_those_that_were_learned() -> None:
    paper = _paper(read_scenario("digits_cnn"), "digits")
    shares = []
    for strokes in STROKES.values():
        sheet = Sheet(paper.rows, paper.columns, paper.bits, paper.radius)
        for stroke in strokes:
            places = [(2 + 27 * down, 5 + 21 * across) for down, across in stroke]
            for start, end in pairwise(places):
                sheet.draw(start, end)
        shares.append(sheet.ink.mean())
    assert np.mean(shares) == pytest.approx(digits()[0].mean(), rel=0.1)


@pytest.mark.parametrize(
    ("size", "sides"), [((66, 34), ""), ((80, 34), "│"), ((80, 40), "┌│└"), ((68, 36), "┌│└")]
)
async def test_the_sheet_has_an_edge_where_the_panel_is_larger(size, sides) -> None:
    panel = PadPanel(id="pad")
    async with Alone(panel).run_test(size=size):
        panel.show(np.zeros((32, 32)), None, [("pad", DARK.base)])
        rows = [strip.text[1:-1] for strip in panel.render_lines(Region(0, 0, *size))][1:-1]
    drawn = [row.strip() for row in rows if row.strip()]
    assert "".join(dict.fromkeys(row[0] for row in drawn)) == sides
    for row in drawn:
        # 32 columns of two characters, and the edge on either side.
        assert len(row) == 66
        assert row[1:-1] == ("─" * 64 if row[0] in "┌└" else " " * 64)
        assert row[0] + row[-1] in ("┌┐", "││", "└┘")
    assert len([row for row in drawn if row[0] == "│"]) == (32 if sides else 0)


def test_undo_takes_back_whole_strokes() -> None:
    sheet = Sheet(8, 8, True, 0.6)
    sheet.begin()
    sheet.draw((1, 1), (1, 5))
    sheet.draw((1, 5), (5, 5))
    first = sheet.ink.copy()
    sheet.begin()
    sheet.draw((7, 0), (7, 7))
    sheet.clear()
    assert sheet.undo()
    assert sheet.undo()
    assert (sheet.ink == first).all()
    assert sheet.undo()
    assert sheet.is_blank
    assert not sheet.undo()


@pytest.mark.parametrize("digit", range(10))
def test_blocks_are_counted_as_uci_did(digit: int) -> None:
    """A shipped digit as bits is counted back to itself; a block's sum is what is counted."""
    picture = digit_picture(digit, 3)[0]
    bits = as_bits(picture)
    assert set(np.unique(bits)) <= {0.0, 1.0}
    assert (count_blocks(bits) == picture).all()
    assert count_blocks(bits)[2, 5] == bits[8:12, 20:24].sum() / 16


@given(places, places)
def test_pictures_are_centred_as_mnist_did(start, end) -> None:
    sheet = Sheet(28, 28, False, 1.2)
    sheet.draw(start, end)
    picture = centred(sheet.ink)
    assert picture.shape == (28, 28)
    assert (picture.min(), picture.max() <= 1) == (0.0, True)
    if sheet.is_blank:
        assert not picture.any()
        return
    rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
    assert max(np.ptp(rows), np.ptp(columns)) < 20
    mass = picture.sum()
    for axis, at in ((1, rows), (0, columns)):
        centre = picture.sum(axis=axis) @ np.arange(28) / mass
        touches = at[0] == 0 or at[-1] == 27
        assert abs(centre - 13.5) <= 0.5 + 1e-9 or touches


NET = f"""
title = "a net"
[input]
digit = 7
{layer("conv2d", "conv1", filters=3, size=3)}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{classifier(10, target=7)}
"""


def test_a_judge_finds_what_the_net_computes() -> None:
    """Maps are the stepper's; slopes against differences; the stepper is untouched."""
    stepper = Stepper(parse_scenario("net", NET))
    judge = Judge(stepper)
    name, maps = judge.maps(stepper.values["input"][0])
    assert name == "relu1"
    assert (maps == stepper.values["relu1.y"][0]).all()
    other = digit_picture(3, 1)
    before = stepper.values["input"].copy()
    slopes = judge.slopes(other, 4)
    assert (stepper.values["input"] == before).all()
    for row, column in [(2, 3), (4, 4), (6, 2)]:
        ends = []
        for step in (1e-6, -1e-6):
            moved = Stepper(parse_scenario("net", NET))
            picture = other.copy()
            picture[0, row, column] += step
            moved.feed({"input": picture[np.newaxis]})
            ends.append(moved.values["fc.y"][0, 4])
        numeric = (ends[0] - ends[1]) / 2e-6
        assert slopes[row, column] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


SINGLE = (
    NET.replace("units = 10", "units = 1").replace("softmax_cross", "binary_cross")
    .replace("target = 7", "target = [1.0]")
    .replace("[loss]", '[[layers]]\ntype = "sigmoid"\nname = "odds"\n[loss]')
)  # fmt: skip


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_single_output_speaks_for_both_classes(chosen: int) -> None:
    """Slopes of the share that each class has: y of class 1, 1 − y of class 0."""
    judge = Judge(Stepper(parse_scenario("net", SINGLE)))
    picture = digit_picture(3, 1)
    slopes = judge.slopes(picture, chosen)

    def share(moved: np.ndarray) -> float:
        stepper = Stepper(parse_scenario("net", SINGLE))
        stepper.feed({"input": moved[np.newaxis]})
        y = float(stepper.values["odds.y"][0, 0])
        return y if chosen else 1 - y

    for row, column in [(2, 3), (4, 4), (6, 2)]:
        there = np.zeros_like(picture)
        there[0, row, column] = 1e-6
        numeric = (share(picture + there) - share(picture - there)) / 2e-6
        assert abs(numeric) > 1e-6
        assert slopes[row, column] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


def test_a_stepper_is_fed_with_what_fits_only() -> None:
    stepper = Stepper(parse_scenario("net", NET))
    with pytest.raises(UsageError, match="was given"):
        stepper.feed({"input": np.zeros((1, 1, 9, 9))})
    with pytest.raises(UsageError, match="computed"):
        stepper.feed({"fc.y": np.zeros((1, 10))})


async def test_of_nothing_the_net_says_nothing() -> None:
    panel = SharesPanel(id="shares")
    async with Alone(panel).run_test(size=(40, 8)):
        for shares, title in ((None, "╭─ says ───"), ((0.25, 0.75), "╭─ says owl ─")):
            panel.show(("cat", "owl"), shares, None)
            assert panel.render_lines(Region(0, 0, 40, 1))[0].text.startswith(title)
