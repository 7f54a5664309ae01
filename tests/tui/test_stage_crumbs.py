"""The header's words for a step."""

from __future__ import annotations

import pytest
from alone import Alone
from views import view_of

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.stage.crumbs import crumbs_of, spare_of, states_of
from cnnsim.tui.stage.view import View
from cnnsim.tui.widgets.bars import Header

TOY = Stepper(read_scenario("toy_2x2"))
BACKPROP = Stepper(read_scenario("backprop_toy"))


def test_the_header_names_scenario_layer_sweep_cell_and_tap() -> None:
    words = [text for text, _ in crumbs_of(view_of(TOY, 10))]
    assert words == ["toy_2x2", "conv1", "forward", "[0,0,1,0]", "tap[0,1,0]"]


def test_the_state_counts_steps_from_zero_and_places_from_one() -> None:
    text = "".join(text for text, _ in states_of(view_of(TOY, 10, speed=4))[0])
    assert "step 10  11 of 16" in text
    assert "4/s" in text


def test_the_state_says_what_was_edited_and_how_far_a_step_goes() -> None:
    text = "".join(text for text, _ in states_of(view_of(TOY, 0, edits=2, unit="row"))[0])
    assert "2 edited" in text
    assert "by row" in text


class _App(Alone):
    activity = ()


async def header_of(view: View, width: int) -> str:
    header = Header()
    async with _App(header).run_test(size=(width, 1)):
        header.show(crumbs_of(view), *states_of(view), spare=spare_of(view))
        canvas = Canvas(width, 1, DARK.base)
        header.paint(canvas)
        return canvas.lines()[0].strip()


async def test_how_it_plays_outlasts_the_programs_name() -> None:
    view = view_of(
        Stepper(read_scenario("pooling")), 12, unit="channel", playing=True, speed=16,
        breakpoint="NaN",
    )  # fmt: skip
    assert "step 12  by channel  to NaN  ▶ 16/s" in await header_of(view, 80)
    assert (await header_of(view, 80)).startswith("pooling › ")
    assert (await header_of(view, 120)).startswith("cnnsim › pooling › ")


async def test_what_playing_stops_at_does_not_push_the_speed_out() -> None:
    stepper = Stepper(read_scenario("train_by_hand"))
    view = view_of(stepper, "1:conv1.kernel_grad[0,0,0,0]", breakpoint="winner changes")
    line = await header_of(view, 80)
    assert line.endswith("to winner changes  ❚❚ 1/s")
    assert "kernel_grad › [0,0,0,0]" in line


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_the_sweep_of_a_gradient_is_named_at_every_width(width: int) -> None:
    view = view_of(BACKPROP, "conv1.input_grad[0,0,2,2]")
    line = await header_of(view, width)
    assert "conv1 › input_grad › [0,0,2,2]" in line
    assert "cnnsim" not in line or "backprop_toy" in line


async def test_steps_and_multiply_adds_have_each_their_own_numbers() -> None:
    """The toy's gradients: 16 of 72 steps are the forward pass, all of them multiply-adds."""
    first, last = view_of(BACKPROP, "first"), view_of(BACKPROP, "conv1.bias_grad")
    assert "step 0  1 of 72  mac 0  " in await header_of(first, 120)
    assert " mac " not in await header_of(last, 120)
    assert f"step {last.step}  {last.step + 1} of 72  " in await header_of(last, 120)
