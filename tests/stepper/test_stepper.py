"""An opened scenario: any step, at once, from anywhere."""

from __future__ import annotations

import random

import numpy as np
import pytest
from checks import same_bits
from networks import stepper

from cnnsim.errors import AddressError
from cnnsim.kernels.fill import Progress
from cnnsim.stepper import stepper as stepper_module
from cnnsim.steps.reading import ReadValue

TOY = """\
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
padding = [0, 0, 0, 1]
[[layers]]
type = "relu"
name = "relu1"
"""


def test_the_toy_by_hand() -> None:
    """1·1 + 6·2 + 5·(−1) + 3·0 = 8."""
    it = stepper(TOY)
    told = [it.read(step) for step in range(4)]
    assert [(r.left, r.right, r.product, r.before, r.after) for r in told] == [
        (1, 1, 1, 0, 1),
        (6, 2, 12, 1, 13),
        (5, -1, -5, 13, 8),
        (3, 0, 0, 8, 8),
    ]
    assert [r.address for r in told][3] == "conv1.forward[0,0,0,0] tap[0,1,1]"
    assert [r.mac for r in told] == [0, 1, 2, 3]
    assert told[0].reads[1] == ReadValue("conv1.w", (0, 0, 0, 0), 1.0, True)


def test_a_step_on_padding() -> None:
    reading = stepper(TOY).read(9)
    assert reading.address == "conv1.forward[0,0,0,2] tap[0,0,1]"
    assert (reading.outside, reading.why, reading.left, reading.right) == (True, "padding", 0, 2)
    assert reading.reads[0].index == (0, 0, 0, 3)
    assert reading.mac == 9


def test_the_object_of_a_step_has_the_fields_of_the_design() -> None:
    found = stepper(TOY).read(9).as_dict("toy")
    assert list(found) == [
        "kind", "scenario", "step", "mac", "address", "layer", "sweep", "cell", "tap", "reads",
        "left", "right", "product", "term", "before", "after", "outside", "why",
    ]  # fmt: skip
    assert found["reads"][0] == {"tensor": "input", "index": [0, 0, 0, 3], "value": 0.0}
    assert (found["sweep"], found["cell"], found["tap"]) == ("forward", [0, 0, 0, 2], [0, 0, 1])


def test_a_layer_of_one_term() -> None:
    it = stepper(TOY)
    reading = it.read(24)
    assert (reading.address, reading.tap, reading.mac) == ("relu1.forward[0,0,0,0]", (), None)
    assert (reading.left, reading.right, reading.product) == (8, None, None)
    assert (reading.before, reading.after) == (None, 8)


def test_the_total_stands_where_a_finish_changes_it() -> None:
    it = stepper("""\
[input]
values = [[1, 6], [5, 3]]
[[layers]]
type = "avg_pool2d"
name = "a"
size = 2
""")
    readings = [it.read(step) for step in range(4)]
    assert [r.total for r in readings] == [None, None, None, 15]
    assert [r.after for r in readings] == [1, 7, 12, 3.75]
    assert "total" in readings[3].as_dict("x")
    assert "total" not in readings[2].as_dict("x")


def test_any_order_gives_the_same() -> None:
    steps = list(range(len(stepper(TOY).trace)))
    first, second = stepper(TOY), stepper(TOY)
    forwards = [first.read(step) for step in steps]
    shuffled = steps * 2
    random.Random(0).shuffle(shuffled)
    for step in shuffled:
        assert second.read(step) == forwards[step]


@pytest.mark.parametrize("step", [-1, 30, 10**20])
def test_outside(step: int) -> None:
    with pytest.raises(AddressError) as caught:
        stepper(TOY).read(step)
    assert "0 to 29" in str(caught.value)


def test_only_what_a_step_needs_is_computed() -> None:
    it = stepper(TOY)
    it.read(5)
    assert not it.values.is_ready("conv1.y")
    assert not it.is_ready(0)
    it.read(24)
    assert it.values.is_ready("conv1.y")
    assert it.is_ready(0)
    assert not it.values.is_ready("relu1.y")
    assert not it.is_ready(24)
    it.values.compute_all()
    assert it.is_ready(24)


def test_progress_is_told_sweep_by_sweep() -> None:
    it = stepper(TOY)
    told: list[Progress] = []
    it.values.compute(["relu1.y"], told.append)
    assert [progress.sweep for progress in told] == ["conv1.forward", "relu1.forward"]
    told.clear()
    it.values.compute_all(told.append)
    assert told == []


def test_a_caller_can_stop_and_go_on() -> None:
    it = stepper(TOY)

    def stop(progress: Progress) -> None:
        if progress.sweep == "relu1.forward":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        it.values.compute_all(stop)
    assert it.values.is_ready("conv1.y")
    assert not it.values.is_ready("relu1.y")
    assert it.values["relu1.y"].max() == it.values["conv1.y"].max()


def test_names_of_tensors() -> None:
    it = stepper(TOY)
    assert [*it.values] == ["input", "conv1.w", "conv1.y", "relu1.y"]
    assert len(it.values) == 4
    assert "relu1.y" in it.values
    assert "relu1.w" not in it.values
    with pytest.raises(KeyError):
        it.values["relu1.w"]


def test_worked_out_cells_are_bounded_by_their_taps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few cells of many taps are kept, or many of few; never many of many."""
    wide = "[input]\nones = [3000]\n[[layers]]\ntype = 'dense'\nname = 'd'\nunits = 100\n"
    it = stepper(wide)
    monkeypatch.setattr(stepper_module, "_KEPT_TAPS", 10_000)
    for cell in range(100):
        it.read(cell * 3000)
        assert sum(work.terms.size for work in it._works.values()) <= 10_000
    assert len(it._works) == 3
    monkeypatch.setattr(stepper_module, "_KEPT_TAPS", 10)
    it.read(0)
    assert len(it._works) == 1


def test_alexnet_opens_anywhere_by_its_shapes() -> None:
    """Index arithmetic needs no values: reach and moves of any step in no time."""
    from networks import alexnet

    from cnnsim.steps.taps import reach_of
    from cnnsim.steps.trace import Trace

    net = alexnet()
    trace = Trace(net.sweeps)
    position = trace.position(trace.step_of_mac(500_000_000))
    reach = reach_of(trace.sweep_of(position), position.cell, net.shapes)
    assert reach.hole.sum() == 0
    assert reach.taps[0].size == 96 * 25
    assert reach.indices[0][2].min() == 12
    corner = reach_of(net.sweeps[4], (0, 0, 0, 0), net.shapes)
    assert corner.padding.sum() == 96 * (25 - 9)


def test_float32_weights_are_read_exactly() -> None:
    it = stepper(
        "[input]\nones = [1, 3, 3]\n[[layers]]\ntype='conv2d'\nname='c'\nfilters=1\nsize=3\n"
    )
    weights, bias = it.values["c.w"], it.values["c.b"]
    assert weights.dtype == np.float32
    total = float(bias[0])
    for weight in weights.ravel():
        total += float(weight)
    assert same_bits(it.read(8).after, total)
    assert same_bits(it.values["c.y"], np.full((1, 1, 1, 1), total))
