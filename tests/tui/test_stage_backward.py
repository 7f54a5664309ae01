"""The chain, the scatter, the update and the map form, against the steps and tensors themselves."""

from __future__ import annotations

import re

import numpy as np
import pytest
from views import view_of

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.guess import parse_guess
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.chain import chain_of
from cnnsim.tui.stage.channels import channels_of
from cnnsim.tui.stage.mapform import map_form
from cnnsim.tui.stage.question import question, verdict
from cnnsim.tui.stage.scatter import scatter_of
from cnnsim.tui.stage.update import update_of
from cnnsim.tui.widgets.chainpanel import visible

PAPER = Stepper(read_scenario("train_by_hand"))
BACKPROP = Stepper(read_scenario("backprop_toy"))
LAYER = Stepper(read_scenario("conv_layer"))
ONES = Stepper(read_scenario("zeros_and_ones"))
SOBEL = Stepper(read_scenario("sobel"))

# -- the chain ------------------------------------------------------------------------------------


def states(stepper: Stepper, at: str) -> dict[str, str]:
    return {link.name: link.state for link in chain_of(stepper, view_of(stepper, at))}


def test_no_chain_on_the_way_forward() -> None:
    assert chain_of(PAPER, view_of(PAPER, "conv1")) == []
    assert chain_of(SOBEL, view_of(SOBEL, "step 3")) == []


def test_the_chain_runs_from_the_loss_to_the_input() -> None:
    assert states(PAPER, "pool1.input_grad") == {
        "loss": "done", "fc": "done", "flat": "done", "pool1": "now",
        "relu1": "later", "conv1": "later", "input": "later",
    }  # fmt: skip
    assert next(iter(states(BACKPROP, "conv1.kernel_grad"))) == "output_grad"


def test_every_link_leads_to_its_first_backward_step() -> None:
    for link in chain_of(PAPER, view_of(PAPER, "1:conv1.update_w")):
        if link.step is not None:
            reading = PAPER.read(link.step)
            assert (reading.layer, reading.position.iteration) == (link.name, 1)
            assert reading.sweep != "forward" or link.name == "loss"


@pytest.mark.parametrize("room", range(10, 90, 7))
@pytest.mark.parametrize("now", range(6))
def test_the_link_at_work_is_always_in_sight(now: int, room: int) -> None:
    widths = [6, 9, 12, 4, 8, 7]
    first, last = visible(widths, now, room)
    assert first <= now < last
    gaps = 5 * (last - first - 1) + 6 * ((first > 0) + (last < 6))
    assert last - first == 1 or sum(widths[first:last]) + gaps <= room


# -- the scatter ----------------------------------------------------------------------------------


def test_what_is_scattered_makes_the_whole_tensor() -> None:
    """Every dy scattered over dw: the contributions sum to dw."""
    BACKPROP.values.compute_all()
    total = np.zeros(BACKPROP.shapes["conv1.dw"])
    sweep = BACKPROP.trace.number_of("conv1.kernel_grad")
    assert sweep is not None
    for tap in range(BACKPROP.trace.sweeps[sweep].tap_count):
        step = BACKPROP.trace.first_step(sweep) + tap
        scatter = scatter_of(BACKPROP, view_of(BACKPROP, step, scatter=1))
        assert scatter is not None
        assert scatter.count == 4
        for cell, use in zip(scatter.into, scatter.uses, strict=True):
            total[cell] += use.term or 0.0
    assert total.tolist() == [[[[14, 13], [16, 14]]]]
    assert (total == BACKPROP.values["conv1.dw"]).all()


# -- the update -----------------------------------------------------------------------------------


def test_the_update_knows_only_what_has_been_done() -> None:
    PAPER.values.compute_all()
    before = update_of(PAPER, view_of(PAPER, "conv1.kernel_grad[0,0,0,1] tap[0,2,2]"), 9)
    assert before is not None
    gradient = PAPER.values["conv1.dw"].reshape(-1)
    assert [change.gradient for change in before.changes] == [*gradient[:2], None, None]
    assert {change.after for change in before.changes} == {None}
    assert [change.is_now for change in before.changes] == [False, True, False, False]
    after = update_of(PAPER, view_of(PAPER, "conv1.update_w[0,0,1,1]"), 9)
    assert after is not None
    new = PAPER.values["conv1.w_next"].reshape(-1)
    assert [change.after for change in after.changes] == new.tolist()
    assert [change.before for change in after.changes] == PAPER.values["conv1.w"].ravel().tolist()
    for change in after.changes:
        assert change.after == pytest.approx(change.before - 0.1 * (change.gradient or 0.0))


def test_nothing_is_updated_where_no_parameter_is() -> None:
    assert update_of(PAPER, view_of(PAPER, "relu1.input_grad"), 9) is None
    assert update_of(BACKPROP, view_of(BACKPROP, "conv1.kernel_grad"), 9) is None


# -- channels ------------------------------------------------------------------------------------


def test_the_maps_show_what_has_been_computed() -> None:
    LAYER.values.compute_all()
    view = view_of(LAYER, "tied.forward[0,1,0,1] tap[0,0,0]")
    maps = channels_of(LAYER, view)
    assert maps is not None
    assert maps.values is not None
    assert maps.now == 1
    whole = LAYER.values["tied.y"][0]
    done = np.arange(whole.size).reshape(whole.shape) < view.cell
    assert (maps.values[done] == whole[done]).all()
    assert np.isnan(maps.values[~done]).all()
    last = channels_of(LAYER, view_of(LAYER, "tied.forward[0,1,1,1]"))
    assert last is not None
    assert (last.values == whole).all()


def test_one_map_needs_no_channels() -> None:
    assert channels_of(SOBEL, view_of(SOBEL, 3)) is None


# -- in maps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["tied.forward[0,1,0,0]", "untied.forward[0,0,1,1]"])
def test_the_map_form_names_the_maps_that_are_read(at: str) -> None:
    view = view_of(LAYER, at)
    inputs, weights = view.work.reach.indices
    text = map_form(view)
    named = re.findall(r"X(\d) ⋆ W(\d)(\d)", text)
    pairs = zip(inputs[1].tolist(), weights[0].tolist(), weights[1].tolist(), strict=True)
    assert {tuple(map(int, each)) for each in named} == set(pairs)


@pytest.mark.parametrize(
    ("stepper", "at", "text"),
    [
        (ONES, "conv1.kernel_grad[2,0,0,0]", "dW20 = X0 ⋆ dY2"),
        (ONES, "conv1.bias_grad[3,0,0]", "dB3 = dY3"),
        (BACKPROP, "conv1.input_grad[0,0,1,1]", "dX0 = dY0 ∗ W00, full"),
        (SOBEL, "convolve.forward[0,0,1,1]", "Y0 = X0 ∗ W00"),
        (PAPER, "fc.kernel_grad[1,0]", "dW = dy xᵀ"),
        (PAPER, "loss.forward", ""),
    ],
)
def test_map_forms(stepper: Stepper, at: str, text: str) -> None:
    assert map_form(view_of(stepper, at)) == text


# -- questions ------------------------------------------------------------------------------------


def test_a_question_does_not_tell_its_answer() -> None:
    toy = Stepper(read_scenario("toy_2x2"))
    assert question(view_of(toy, 1)) == "the sum is 1, and 6·2 is added. What is it then?"
    assert verdict(view_of(toy, 1), parse_guess("13")) == "✓ right: 6·2 = 12, 1 + 12 = 13"
    assert verdict(view_of(toy, 2), parse_guess("18")) == "✗ not 18: 5·(−1) = −5, 13 − 5 = 8"
    assert question(view_of(toy, 3), True).endswith("after all 4 of its terms?")


def test_questions_about_maxima_and_means() -> None:
    pooling = Stepper(read_scenario("pooling"))
    largest = view_of(pooling, "max2.forward[0,0,0,0] tap[0,1]")
    assert "the largest so far is" in question(largest)
    mean = view_of(pooling, "mean2.forward[0,0,0,0]")
    assert question(mean).endswith("(The cell ends with the sum / 4.)")
    assert " / 4 = " in verdict(mean, parse_guess("0"))
