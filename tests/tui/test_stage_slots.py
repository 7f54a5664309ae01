"""Matrices side by side, and panels on the screen: everything fits, nothing overlaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from planes import drawn
from views import view_of

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.places import LEAST
from cnnsim.tui.stage.layout import LOW, TABS, arrange
from cnnsim.tui.stage.lens import part_of
from cnnsim.tui.stage.matrix import Matrix
from cnnsim.tui.stage.slice import slice_at
from cnnsim.tui.stage.slots import lay_out, signs_between
from cnnsim.tui.stage.stage import Stage

sides = st.one_of(st.integers(1, 12), st.integers(13, 240))


@st.composite
def matrices(draw: st.DrawFn) -> list[Matrix]:
    """What a sweep may show: reads, lenses into the large ones, the output."""
    found: list[Matrix] = []

    def matrix(key: str, read: int | None, window: tuple[int, int, int, int] | None) -> Matrix:
        flat = draw(st.booleans())
        shape = (1, draw(st.integers(1, 9216))) if flat else (1, 3, draw(sides), draw(sides))
        name = draw(st.sampled_from(["input", "conv1.w", "a_layer_with_quite_a_long_name_1.y"]))
        padding = (0, 0, 0, 0) if flat else tuple(draw(st.integers(0, 3)) for _ in range(4))
        width = draw(st.integers(2, 9))
        cut = slice_at(shape, (0,) * len(shape))
        return Matrix(key, name, read, cut, padding, window, width, 2, 0)  # type: ignore[arg-type]

    for number in range(draw(st.integers(1, 3))):
        whole = matrix(f"read{number}", number, None)
        found.append(whole)
        if whole.is_map:
            size = draw(st.integers(1, 12)), draw(st.integers(1, 12))
            lens = matrix(f"lens{number}", number, (0, 0, *size))
            found.append(replace(lens, is_field=draw(st.booleans())))
    return [*found, matrix("out", None, None)]


widths, heights = st.integers(58, 220), st.integers(4, 50)


@given(matrices(), widths, heights, st.booleans(), st.booleans())
def test_slots_stay_within_the_room_and_do_not_overlap(shown, width, height, large, half) -> None:
    slots = lay_out(shown, width, height, large, half)
    assert all(slot.x >= 0 and slot.width > 0 for slot in slots)
    assert all(left.x + left.width < right.x for left, right in pairwise(slots))
    assert all(slot.x + slot.width <= width for slot in slots)


@given(matrices(), widths, heights, st.booleans(), st.booleans())
def test_the_output_or_the_first_read_is_always_shown(shown, width, height, large, half) -> None:
    slots = lay_out(shown, width, height, large, half)
    assert {slot.matrix.read for slot in slots} & {0, None}


@given(matrices(), widths, heights, st.booleans(), st.booleans())
def test_every_read_is_shown_where_a_map_of_each_fits(shown, width, height, large, half) -> None:
    """Sixteen columns to a map, and one between two of them."""
    reads = {matrix.read for matrix in shown}
    assume(17 * len(reads) - 1 <= width)
    assert {slot.matrix.read for slot in lay_out(shown, width, height, large, half)} == reads


def _as(key: str, shape: tuple[int, ...], read: int | None) -> Matrix:
    cut = slice_at(shape, (0,) * len(shape))
    return Matrix(key, "conv1.w", read, cut, (0, 0, 0, 0), None, 6, 2, 0)


@pytest.mark.parametrize(
    ("width", "height", "keys"),
    [(60, 5, ["lens0", "read1", "out"]), (80, 9, ["read0", "lens0", "read1", "out"]),
     (100, 11, ["read0", "lens0", "read1", "out"])],
)  # fmt: skip
def test_field_and_kernel_of_eleven_are_maps_where_no_numbers_fit(width, height, keys) -> None:
    """AlexNet's first layer: 11 numbers of 6 characters need 82 columns, 11 pixels 13 of them."""
    whole = _as("read0", (1, 3, 227, 227), 0)
    lens = part_of(whole, (0, 0, 11, 11), is_field=True)
    shown = [whole, lens, _as("read1", (96, 3, 11, 11), 1), _as("out", (1, 96, 55, 55), None)]
    slots = lay_out(shown, width, height, False)
    assert [slot.matrix.key for slot in slots] == keys
    assert all(slot.cls.is_map for slot in slots)
    assert [text for _, _, text in signs_between(slots, "⋆")] == ["⋆", "="]


@pytest.mark.parametrize(("width", "keys"), [(58, ["read0", "read1", "out"]),
                                             (80, ["lens0", "read1", "out"])])  # fmt: skip
def test_a_window_around_the_tap_is_given_up_for_the_whole(width, keys) -> None:
    """A dense layer of 9,216 inputs: 25 of its weights in colours would say nothing."""
    shown = []
    for number, shape in enumerate([(1, 9216), (4096, 9216)]):
        whole = _as(f"read{number}", shape, number)
        shown += [whole, part_of(whole, (0, 0, 5, 5), is_field=False)]
    slots = lay_out([*shown, _as("out", (1, 4096), None)], width, 9, False)
    assert [slot.matrix.key for slot in slots] == keys


@given(matrices(), widths, heights, st.booleans(), st.booleans())
def test_matrices_keep_their_order(shown, width, height, large, half) -> None:
    keys = [slot.matrix.key for slot in lay_out(shown, width, height, large, half)]
    assert keys == [matrix.key for matrix in shown if matrix.key in keys]


@given(matrices(), widths, heights, st.booleans(), st.booleans())
def test_numbers_share_one_height_and_fit_their_frames(shown, width, height, large, half) -> None:
    """One class too, but for low cells: those may be as wide as each matrix needs."""
    slots = [slot for slot in lay_out(shown, width, height, large, half) if not slot.cls.is_map]
    assert len({slot.cls.pitch_y for slot in slots}) <= 1
    assert len({slot.cls for slot in slots}) <= 1 or not any(slot.cls.tall for slot in slots)
    for slot in slots:
        assert slot.cls.size(*slot.matrix.outer)[0] + 2 <= slot.width
        assert slot.cls.size(*slot.matrix.outer)[1] + 2 <= height


@given(matrices(), widths, heights)
def test_signs_stand_in_the_gaps(shown, width, height) -> None:
    slots = lay_out(shown, width, height, False)
    taken = [(slot.x, slot.x + slot.width) for slot in slots]
    for column, gap, text in signs_between(slots, "⋆"):
        assert text in "⋆·="
        assert all(end <= column or column + gap <= start for start, end in taken)


SIZES = [*product(range(60, 221, 4), range(16, 71, 3)), (80, 24), (120, 36), (200, 60)]


@pytest.mark.parametrize("tabs", [*product([False, True], repeat=3)])
@pytest.mark.parametrize(("is_long", "has_maps"), [*product([False, True], repeat=2)])
@pytest.mark.parametrize("sum_rows", range(1, 8))
def test_panels_stay_on_the_screen_and_do_not_overlap(sum_rows, is_long, has_maps, tabs) -> None:
    for (width, height), rows in product(SIZES, (9, 14, 99)):
        if sum_rows > 2 and height - 2 < LOW:
            continue
        found = arrange(width, height - 2, sum_rows, is_long, has_maps, rows, *tabs)
        rects = [*set(found.panels.values())]
        where = (width, height, sum_rows, is_long, has_maps, rows)
        for x, y, columns, lines in rects:
            assert x >= 0, where
            assert y >= 0, where
            assert columns >= 1, where
            assert lines >= 1, where
            assert x + columns <= width, where
            assert y + lines <= height - 2, where
        for number, (x, y, columns, lines) in enumerate(rects):
            for a, b, c, d in rects[number + 1 :]:
                assert x + columns <= a or a + c <= x or y + lines <= b or b + d <= y, where


@pytest.mark.parametrize(
    ("is_long", "has_check", "has_update"), [*product([False, True], repeat=3)]
)
def test_no_panel_is_lost_at_any_size(is_long: bool, has_check: bool, has_update: bool) -> None:
    spare = {"growth": not is_long, "check": not has_check, "update": not has_update}
    wanted = {"matrices", "sum", "timeline", *(tab for tab in TABS if not spare.get(tab, False))}
    for width, height in SIZES:
        found = arrange(width, height - 2, 4, is_long, False, 99, has_check, has_update)
        assert set(found.panels) == wanted


def test_panels_that_share_a_place_do_so_in_the_order_of_their_tabs() -> None:
    for width, height in SIZES:
        found = arrange(width, height - 2, 4, True, False, 99, True, True)
        tabs = TABS if width < 100 else ("growth", "loops", "update", "origin")
        beside = found.stack("origin") == ("origin",)
        assert found.stack("loops") == (tabs[:-1] if beside and width >= 100 else tabs)


def test_the_smallest_screen_still_has_room_for_a_matrix() -> None:
    for is_long in (False, True):
        found = arrange(LEAST[0], LEAST[1] - 2, 2, is_long, False, 99)
        _, _, width, height = found.panels["matrices"]
        assert width >= 58
        assert height >= 5


@given(matrices(), widths, heights, st.booleans())
def test_where_there_is_room_titles_are_not_cut(shown, width, height, large) -> None:
    slots = lay_out(shown, width, height, large)
    used = slots[-1].x + slots[-1].width if slots else width
    if used < width:
        numbers = [slot for slot in slots if not (slot.cls.is_map or slot.matrix.is_lens)]
        assert all(slot.matrix.title_width + 5 <= slot.width for slot in numbers)


@pytest.mark.parametrize(
    ("name", "at"),
    [("conv_layer", "untied.forward[0,0,0,1]"), ("toy_2x2", "first"), ("sobel", "last"),
     ("backprop_toy", "conv1.kernel_grad")],
)  # fmt: skip
def test_titles_get_the_free_columns(name: str, at: str) -> None:
    """At 80 columns numbers leave enough for the names, the parts and the sides of all of them."""
    stepper = Stepper(read_scenario(name))
    stepper.values.compute_all()
    slots = lay_out(Stage(stepper).matrices(view_of(stepper, at)), 80, 9, False)
    for slot in slots:
        assert slot.width >= slot.matrix.title_width + 5


def test_numbers_are_no_blocks_where_all_of_them_fit_beside_each_other() -> None:
    """Adam's second moment at 80 columns: four panels of two numbers, 19 columns each."""
    cut = slice_at((2,), (0,))
    shown = [
        Matrix(f"read{n}", f"fc.b_square{n}", n, cut, (0, 0, 0, 0), None, 6, 2, -2)
        for n in range(3)
    ]
    shown.append(replace(shown[0], key="out", tensor="fc.b_square_next", read=None))
    assert all(not slot.cls.is_map for slot in lay_out(shown, 80, 9, False))


@pytest.mark.parametrize(
    ("name", "at"),
    [("train_by_hand", "fc.kernel_grad"), ("train_by_hand", "fc.update_w"),
     ("digits_article", "loss.p"), ("digits_article", "loss.input_grad")],
)  # fmt: skip
def test_a_few_numbers_are_no_blocks_at_80_columns(name: str, at: str) -> None:
    """Cells as wide as each needs, or ten shares in two columns: every number can be read."""
    stepper = Stepper(read_scenario(name))
    stepper.values.compute_all()
    stage, view = Stage(stepper), view_of(stepper, at)
    for slot in lay_out(stage.matrices(view), 80, 9, False):
        assert not slot.cls.is_map
        plane = stage.plane(view, slot.matrix)
        assert "…" not in "".join(drawn(plane, slot.cls))
        cut, whole = slot.matrix.slice, stepper.values[slot.matrix.tensor]
        for number in range(whole.shape[-1] if slot.matrix.read is not None else 0):
            index = (*cut.fixed, number)
            assert plane.values[cut.place(index)] == whole[index]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_winner_of_a_pool_keeps_its_symbol_beside_its_mark(width: int) -> None:
    stepper = Stepper(read_scenario("pooling"))
    stepper.values.compute_all()
    stage, view = Stage(stepper), view_of(stepper, "ceil.forward[0,0,0,2] tap[0,1]", mode="symbols")
    slot = lay_out(stage.matrices(view), width, 9, False)[0]
    lines = "".join(drawn(stage.plane(view, slot.matrix), slot.cls))
    assert "x04▴" in lines
    assert "…" not in lines


@pytest.mark.parametrize("cell", ["mean_all.y[0,0,0,1]", "mean_inside.y[0,0,0,1]"])
def test_quarters_are_shown_in_full(cell: str) -> None:
    """Means of four whole numbers, some of two digits: nothing is rounded in sight."""
    stepper = Stepper(read_scenario("pooling"))
    stage, view = Stage(stepper), view_of(stepper, cell)
    [*_, out] = stage.matrices(view)
    stepper.values.compute_all()
    plane = stage.plane(view, out)
    texts = [
        plane.text_at(row, column, out.decimals, out.power) for row, column in np.ndindex(3, 3)
    ]
    assert [float(text.replace("−", "-")) for text in texts] == plane.values.reshape(-1).tolist()
    assert max(map(len, texts)) < out.text_width
