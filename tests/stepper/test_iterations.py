"""Iterations one after another: the same bits again, edits, frozen layers."""

from __future__ import annotations

import numpy as np
import pytest
from checked import NET, checks
from checks import same_bits
from networks import network, stepper

from cnnsim.kernels.fill import Progress
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.stepper.iterations import Iterations


@pytest.mark.parametrize(
    "training",
    ['optimizer = "sgd"\nmomentum = 0.9', 'optimizer = "adam"\nrate = 0.01'],
    ids=["momentum", "adam"],
)
def test_coming_back_to_an_iteration_gives_the_same_bits(training: str) -> None:
    text = NET.replace('optimizer = "sgd"\nrate = 0.1', training)
    opened = stepper(text)
    tensors = ("loss", "conv1.w", "conv1.dw", "fc.w_next", "fc.dx", "training.step")
    first = {
        number: {name: opened.iterations.at(number)[name].copy() for name in tensors}
        for number in range(30)
    }
    assert not opened.iterations.has(3), "it was dropped on the way, so it is computed anew"
    for number in (3, 29, 17, 2, 0, 28, 1, 11):
        for name in tensors:
            assert same_bits(opened.iterations.at(number)[name], first[number][name])
    opened.iterations.forget()
    for name in tensors:
        assert same_bits(opened.iterations.at(29)[name], first[29][name])


def test_an_iteration_starts_where_the_one_before_it_ended() -> None:
    opened = stepper(NET)
    before, after = opened.iterations.at(7), opened.iterations.at(8)
    for name in opened.network.parameters:
        assert same_bits(before[f"{name}_next"], after[name])
        assert not same_bits(before[name], after[name])
    assert same_bits(before[INPUT], after[INPUT])


def test_an_edit_reaches_every_iteration() -> None:
    opened = stepper(NET)
    old = float(opened.iterations.at(4)["loss"])
    before = opened.edit("conv1.w", (0, 0, 0, 0), 1.5)
    assert float(opened.iterations.at(4)["loss"]) != old
    opened.edit("conv1.w", (0, 0, 0, 0), before)
    assert float(opened.iterations.at(4)["loss"]) == old


def test_a_frozen_layer_stays() -> None:
    text = NET.replace("size = 3\n", "size = 3\nfrozen = true\n", 1)
    opened = stepper(text)
    assert "conv1.dw" not in opened.shapes
    assert "conv1.w_next" not in opened.shapes
    assert same_bits(opened.iterations.at(9)["conv1.w"], opened.values["conv1.w"])
    assert set(checks(text)) == {"fc.dw", "fc.db", "conv1.dx"}


def test_the_way_to_an_iteration_is_told_and_can_be_stopped() -> None:
    class Stop(Exception):
        """Raised by who hears of the progress."""

    iterations = stepper(NET).iterations
    heard: list[Progress] = []

    def report(progress: Progress) -> None:
        heard.append(progress)
        if "iteration 3 " in progress.sweep:
            raise Stop

    with pytest.raises(Stop):
        iterations.at(20, report)
    assert {progress.sweep for progress in heard} == {f"iteration {n} of 20" for n in range(4)}
    shares = [progress.share for progress in heard]
    assert shares == sorted(shares)
    assert max(shares) < 1
    assert iterations.has(3), "what was computed is kept"
    assert not iterations.has(4)
    assert same_bits(iterations.at(20)["fc.w"], stepper(NET).iterations.at(20)["fc.w"])


def test_iterations_of_a_network_without_parameters_are_all_alike() -> None:
    net = network({"type": "tanh"}, shape=(3,))
    iteration = Iteration(net, given={"tanh": np.ones((1, 3))})
    iterations = Iterations(iteration, {INPUT: np.ones((1, 3)), **iteration.given_tensors})
    assert same_bits(iterations.at(3)["tanh.dx"], iterations.at(0)["tanh.dx"])
