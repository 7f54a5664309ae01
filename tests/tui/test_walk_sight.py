from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import alexnet, stepper
from texts import dense, layer

from cnnsim.amounts import in_bytes
from cnnsim.network.receptive import ReceptiveField
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette
from cnnsim.tui.drawing.plane import draw_plane
from cnnsim.tui.walk.picture import Source, resample, view_of
from cnnsim.tui.walk.sight import centre_of, sight_lines, sight_of, unit_at
from cnnsim.tui.walk.state import WalkState, costs_of, first_step
from cnnsim.tui.walk.whatif import WhatIf

CONV2 = ReceptiveField((51, 51), (8, 8), (16, 16))
PICTURE = (3, 227, 227)


def words(field: ReceptiveField, unit: tuple[int, int], width: int = 60) -> list[str]:
    lines = sight_lines(sight_of(field, unit, PICTURE), width)
    return ["".join(text for text, _ in line) for line in lines]


def test_a_field_inside_the_picture() -> None:
    assert words(CONV2, (14, 7)) == [
        "field 51×51 = 5.0 % of the picture",
        "rows 96–146, columns 40–90",
    ]
    assert words(CONV2, (14, 7), 24) == ["field 51×51 = 5.0 %", "rows 96–146", "columns 40–90"]


def test_a_field_over_the_edge() -> None:
    assert words(CONV2, (0, 26)) == [
        "field 51×51, 35×35 of it inside = 2.4 %",
        "rows −16…34 (0–34), columns 192…242 (192–226)",
    ]


def test_a_field_larger_than_the_picture() -> None:
    whole = ReceptiveField((400, 400), (32, 32), (100, 100))
    assert words(whole, (1, 1))[0] == "field 400×400, 227×227 of it inside = 100 %"


def test_a_field_on_padding_alone() -> None:
    sight = sight_of(ReceptiveField((2, 2), (1, 1), (5, 5)), (0, 0), PICTURE)
    assert sight.inside is None
    assert sight.share == 0
    assert "all of it on padding" in words(ReceptiveField((2, 2), (1, 1), (5, 5)), (0, 0))[0]


sizes = st.integers(1, 200)


@given(st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.data())
def test_the_middle_of_a_field_leads_back_to_its_unit(
    size: Any, stride: Any, pad: Any, data: st.DataObject
) -> None:
    field = ReceptiveField(size, stride, pad)
    output = (1, data.draw(sizes), data.draw(sizes))
    unit = (data.draw(st.integers(0, output[1] - 1)), data.draw(st.integers(0, output[2] - 1)))
    assert unit_at(field, output, centre_of(field, unit)) == unit
    far = unit_at(field, output, (1e6, -1e6))
    assert far == (output[1] - 1, 0)


# -- the picture --------------------------------------------------------------------------------


def source(shape: tuple[int, ...], picture: bool = False) -> Source:
    values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    return Source(values / values.size, shape, picture, 1.0)


@pytest.mark.parametrize("palette", [DARK, LIGHT, ANSI, MONO], ids=lambda each: each.name)
@pytest.mark.parametrize("shape", [(3, 227, 227), (1, 28, 28), (1, 5, 5), (2, 3, 90), (7,), (300,)])
@pytest.mark.parametrize("room", [(41, 20), (29, 14), (160, 50), (20, 6)])
@pytest.mark.parametrize("half_blocks", [True, False])
def test_any_input_fits_its_room(
    palette: Palette, shape: tuple[int, ...], room: tuple[int, int], half_blocks: bool
) -> None:
    sight = None
    if len(shape) == 3:
        sight = sight_of(ReceptiveField((3, 3), (1, 1), (1, 1)), (0, 0), shape)
    view = view_of(source(shape, shape[0] == 3), None, sight, room, half_blocks, palette)
    assert view.size[0] <= room[0]
    assert view.size[1] <= room[1]
    canvas = Canvas(room[0], room[1], palette.base)
    draw_plane(canvas, 0, 0, view.plane, view.cls, palette)
    assert any(line.strip() for line in canvas.lines()) or palette.tinted


def test_the_ring_stands_round_the_field() -> None:
    sight = sight_of(CONV2, (14, 7), PICTURE)
    view = view_of(source(PICTURE, True), None, sight, (41, 20), True, DARK)
    assert view.cells == (38, 38)
    # Rows 96–146 and columns 40–90 of 227 as cells of 38, after the margin.
    assert view.plane.field_bounds() == (17, 25, 7, 16)
    assert view.pixel_at(0, 0) == pytest.approx((-3.5, -3.5), abs=0.1)
    row, column = view.pixel_at(20, 10) or (0, 0)
    assert row == pytest.approx(19.5 * 227 / 38 - 0.5)
    assert column == pytest.approx(19.5 * 227 / 38 - 0.5)
    assert view.pixel_at(99, 0) is None


def test_numbers_show_the_padding_that_the_field_reaches() -> None:
    field = ReceptiveField((3, 3), (1, 1), (1, 1))
    view = view_of(
        source((1, 5, 5)), None, sight_of(field, (0, 4), (1, 5, 5)), (60, 20), True, DARK
    )
    assert view.plane.padding == (1, 0, 0, 1)
    assert view.plane.field is not None
    assert (-1, 5) in view.plane.field
    assert view.pixel_at(2, 3) is not None


def test_resample_keeps_the_mean_and_repeats_small_pictures() -> None:
    values = np.arange(48.0).reshape(6, 8)
    assert resample(values, 3, 4).mean() == pytest.approx(values.mean())
    np.testing.assert_array_equal(resample(values, 6, 8), values)
    np.testing.assert_array_equal(resample(values[:1, :2], 2, 4), [[0, 0, 1, 1]] * 2)


# -- where one is ---------------------------------------------------------------------------------

NET = f"""
[input]
ramp = [2, 9, 9]
{layer("conv2d", "conv1", filters=3, size=3, padding=1)}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{dense(4)}
"""


def test_the_field_grows_in_one_place() -> None:
    state = WalkState(stepper(NET))
    assert (state.selected, state.unit()) == ("conv1", (4, 4))
    state.move_unit(-3, 1)
    assert state.unit() == (1, 5)
    state.select("pool1")
    assert state.unit() == (0, 2)
    state.select("conv1")
    assert state.unit() == (1, 5)
    state.move_unit(-9, 99)
    assert state.unit() == (0, 8)
    state.select("fc")
    assert state.unit() is None
    assert not state.move_unit(1, 0)
    assert state.looking(False).sight is None
    state.select("input")
    assert state.field() == ReceptiveField()


def test_it_looks_from_where_one_steps() -> None:
    opened = stepper(NET)
    state = WalkState(opened, "relu1")
    state.look_from(opened.find("relu1.forward[0,0,0,0]"))
    assert state.unit() == (4, 4)
    state.look_from(opened.find("conv1.forward[0,2,7,1]"))
    assert state.unit() == (4, 4)
    state.look_from(opened.find("relu1.forward[0,2,7,1]"))
    assert state.unit() == (7, 1)


def test_layers_are_found() -> None:
    state = WalkState(stepper(NET))
    assert state.named("fc") == "fc"
    assert state.named("POOL") == "pool1"
    assert state.named("dense") == "fc"
    assert state.explain("flat") == "flat  48"
    # Again: the next one.
    assert state.named("1") == "relu1"
    with pytest.raises(Exception, match="no layer 'poool', did you mean 'pool1'"):
        state.named("poool")


def test_channels_go_round() -> None:
    state = WalkState(stepper(NET))
    assert state.looking(False).channel == 0
    seen = []
    for _ in range(3):
        assert state.next_channel(1)
        seen.append(state.channel)
    assert seen == [1, 0, 1]


def test_nothing_is_computed() -> None:
    opened = stepper(NET)
    state = WalkState(opened)
    for name in ("input", "conv1", "fc"):
        state.select(name)
        state.looking(True)
        state.question(None)
        maps = state.maps()
        assert (maps.values is None) == (name != "input")
    assert not opened.values.is_ready("conv1.y")
    opened.values.compute_all()
    assert state.maps().values is not None
    state.what.set(("fc", "units"), 5)
    assert state.maps().values is None


def test_first_steps() -> None:
    trace = stepper(NET).trace
    assert first_step(trace, "input") == 0
    assert first_step(trace, "pool1") == trace.first_step(trace.number_of("pool1.forward") or 0)
    assert trace.position(first_step(trace, "pool1", (2, 1))).cell == (0, 0, 2, 1)
    assert first_step(trace, "fc", (2, 1)) == trace.first_step(len(trace.sweeps) - 1)


def test_costs_give_way_to_room() -> None:
    walked = WhatIf(alexnet()).outcome.walked
    texts = ["".join(text for text, _ in form) for form in costs_of(walked)]
    assert texts == [
        "42,319,432 params   1,115,202,080 MACs without bias   3.1 MB activations",
        "42.3 M params  1.12 G MACs  3.1 MB",
        "1.12 G MACs",
    ]
    assert in_bytes(999) == ("999", "bytes")
    assert in_bytes(34_000) == ("34.0", "kB")


def test_pictures_stretch_to_another_size() -> None:
    stretched = replace(source((1, 28, 28), True), size=(1, 40, 40))
    view = view_of(stretched, None, None, (120, 50), True, DARK)
    assert view.cells == (40, 40)
