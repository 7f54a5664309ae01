"""What a click on a value means, against looking through every step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.pick import cells_reading, step_of_pick
from cnnsim.tui.stage.slice import slice_at
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.view import View

HEAD = """
title = "a head"
[input]
values = [[[1, -2, 3], [4, 5, -6], [0, 2, 2]], [[1, 1, 0], [2, -1, 3], [0, 0, 1]]]
[[layers]]
type = "conv2d"
name = "conv"
filters = 2
size = 2
padding = 1
stride = 2
[[layers]]
type = "max_pool2d"
name = "pool"
size = 2
stride = 1
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "dense"
units = 7
[[layers]]
type = "softmax"
name = "softmax"
"""
STEPPERS = {
    "a head": Stepper(parse_scenario("head", HEAD)),
    **{name: Stepper(read_scenario(name)) for name in ("modes", "pooling", "conv_layer")},
}
for each in STEPPERS.values():
    each.values.compute_all()


def view_of(stepper: Stepper, step: int) -> View:
    position = stepper.trace.position(step)
    return View(
        "test", step, len(stepper.trace), stepper.trace.macs, stepper.trace.sweep_of(position),
        position, stepper.work(position), stepper.read(step),
    )  # fmt: skip


def steps_reading(stepper: Stepper, view: View, number: int, index: tuple[int, ...]) -> list[int]:
    """Every step of the sweep that reads `index` with its read `number`."""
    first = stepper.trace.first_step(view.position.sweep)
    return [
        step
        for step in range(first, first + view.sweep.steps)
        if stepper.read(step).reads[number].index == index
    ]


@pytest.mark.parametrize("name", STEPPERS)
@given(data=st.data())
def test_a_click_goes_to_a_step_that_uses_the_value(name: str, data: st.DataObject) -> None:
    stepper = STEPPERS[name]
    view = view_of(stepper, data.draw(st.integers(0, len(stepper.trace) - 1)))
    shown = [matrix for matrix in Stage(stepper).matrices(view) if not matrix.is_lens]
    matrix = data.draw(st.sampled_from(shown))
    row = data.draw(st.integers(0, matrix.slice.rows - 1))
    column = data.draw(st.integers(0, matrix.slice.columns - 1))
    index = matrix.slice.index(row, column)
    if index is None:
        return
    found = step_of_pick(stepper, view, matrix, index, shown[-1].slice)
    if matrix.read is None:
        assert found is not None
        assert stepper.trace.position(found).cell == index
        return
    every = steps_reading(stepper, view, matrix.read, index)
    here = [step for step in every if stepper.trace.position(step).cell == view.position.cell]
    in_sight = [step for step in every if shown[-1].slice.place(stepper.trace.position(step).cell)]
    assert found == (here[0] if here else in_sight[0] if in_sight else None)


@pytest.mark.parametrize("name", STEPPERS)
@given(data=st.data())
def test_a_value_goes_to_the_cells_that_read_it(name: str, data: st.DataObject) -> None:
    stepper = STEPPERS[name]
    view = view_of(stepper, data.draw(st.integers(0, len(stepper.trace) - 1)))
    shown = Stage(stepper).matrices(view)
    matrix = data.draw(st.sampled_from([m for m in shown if m.read is not None]))
    index = matrix.slice.index(
        data.draw(st.integers(0, matrix.slice.rows - 1)),
        data.draw(st.integers(0, matrix.slice.columns - 1)),
    )
    if index is None:
        return
    found = {cell for cell, _ in cells_reading(stepper, view, matrix.read, index, shown[-1].slice)}
    every = steps_reading(stepper, view, matrix.read, index)
    cells = {stepper.trace.position(step).cell for step in every}
    assert found == {cell for cell in cells if shown[-1].slice.place(cell)}


def test_a_click_on_the_present_cell_stays_where_it_is() -> None:
    stepper = STEPPERS["conv_layer"]
    view = view_of(stepper, 5)
    out = Stage(stepper).matrices(view)[-1]
    assert step_of_pick(stepper, view, out, view.position.cell, out.slice) == 5


def test_in_a_large_network_too_the_cells_are_found_at_once() -> None:
    stepper = Stepper(read_scenario("alexnet"))
    for layer, index, expected in (
        # The corner of conv3's input is read through the middle and the corners of its kernels:
        # by 4 places of every map.
        ("conv3", (0, 0, 0, 0), 4),
        ("fc1", (0, 5), 4096),
    ):
        position = stepper.trace.position(stepper.find(layer))
        sweep = stepper.trace.sweep_of(position)
        view = View("alexnet", 0, 1, 1, sweep, position, work=None, reading=None)  # type: ignore[arg-type]
        cut = slice_at(sweep.cells, position.cell)
        found = cells_reading(stepper, view, 0, index, cut, most=5000)
        assert len(found) == expected
        for cell, tap in found:
            assert sweep.where(cell, tap, sweep.params)[0] == index
