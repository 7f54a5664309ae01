"""Gradients without torch: the trilinear identity, the gradient check, iterations, old mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from strategies import (
    EVERY_KIND,
    Case,
    convolutions,
    every_pass,
    examples,
    generators,
    network,
    same_bits,
    scenario,
    stepper,
)

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.dense import Dense
from cnnsim.network.kinds.max_pool2d import MaxPool2d
from cnnsim.network.kinds.relu import Relu
from cnnsim.network.layer import Layer, Place
from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper import gradcheck, line
from cnnsim.stepper.gradcheck import GradientCheck, check_gradients, with_gradient
from cnnsim.stepper.iterations import Iterations
from cnnsim.stepper.values import Values
from cnnsim.steps.sweep import Index, Sweep

Array = np.ndarray[Any, Any]

#: A small network that is trained; its numbers are drawn.
NET = """
seed = 3
[input]
random = [1, 6, 6]
[[layers]]
type = "conv2d"
name = "conv1"
filters = 2
size = 3
[[layers]]
type = "tanh"
name = "tanh1"
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "fc"
units = 2
[loss]
type = "softmax_cross_entropy"
target = 1
[training]
optimizer = "sgd"
rate = 0.1
iterations = 30
"""


def checks(text: str, **options: Any) -> dict[str, GradientCheck]:
    """What the gradient check says, by tensor."""
    found, _ = with_gradient(scenario(text, **options))
    return {check.tensor: check for check in check_gradients(found)}


def one_layer(net: Any, x: Array, leaves: dict[str, Array], dy: Array) -> Values:
    """All tensors of a network of one layer for the output gradient `dy`."""
    iteration = Iteration(net, given={net.layers[-1].name: dy})
    return Values(iteration.sweeps, {INPUT: x, **leaves, **iteration.given_tensors})


# --- the arithmetic -----------------------------------------------------------------------------


@examples(120)
@given(convolutions(), generators())
def test_one_number_three_ways(case: Case, rng: np.random.Generator) -> None:
    """⟨g, conv(x, w)⟩ = ⟨w, dw⟩ = ⟨x, dx⟩: the same products in three orders."""
    assert case.kernel is not None
    net = Case({**case.entry, "bias": "none"}, case.x).net
    dy = rng.standard_normal(net.places["conv2d"].cells)
    values = one_layer(net, case.x, {"conv2d.w": case.kernel}, dy)
    products = np.abs(case.kernel).sum() * np.abs(case.x).max() * np.abs(dy).max()
    near = {"rel": 1e-12, "abs": 1e-12 * float(products)}
    forward = float((dy * values["conv2d.y"]).sum())
    assert float((case.kernel * values["conv2d.dw"]).sum()) == pytest.approx(forward, **near)
    assert float((case.x * values["conv2d.dx"]).sum()) == pytest.approx(forward, **near)


@pytest.mark.parametrize(
    "keys",
    [
        "padding = [1, 0, 2, 1]\nstride = [2, 1]",
        'groups = 2\ndilation = 2\npadding = "same"',
        'mode = "convolution"\nstride = 2\npadding = 1',
        'mode = "convolution"\ngroups = 2\nbias = "untied"',
    ],
)
def test_a_gradient_step_is_its_forward_twin(keys: str) -> None:
    """With the same number come the same pixel, the same kernel element, the same output."""
    opened = stepper(
        f"[input]\nrandom = [2, 2, 4, 5]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\nfilters = 2\n"
        f"size = [2, 3]\n{keys}\n[output_grad]\nones = true"
    )
    y = opened.values["c.y"].shape
    met: dict[str, set[int]] = {"kernel_grad": set(), "input_grad": set()}
    for step in range(len(opened.trace)):
        here = opened.read(step)
        if here.sweep not in met or here.mac is None:
            assert here.sweep != "kernel_grad"
            continue
        twin = opened.read(opened.find(f"mac {here.mac}"))
        assert twin.sweep == "forward"
        pixel, weight = twin.reads
        if here.sweep == "kernel_grad":
            assert here.reads[0] == pixel
            assert here.reads[1].index == twin.cell
            assert here.cell == weight.index
            assert here.product == here.reads[0].value * here.reads[1].value
        else:
            assert here.reads[0].index == twin.cell
            assert here.reads[1] == weight
            assert here.cell == pixel.index
        met[here.sweep].add(here.mac)
    # The kernel's gradient visits every one, the input's all but those on padding.
    assert met["kernel_grad"] == set(range(opened.trace.macs))
    padding = {
        opened.read(step).mac
        for step in range(opened.trace.macs)
        if opened.read(step).why == "padding"
    }
    assert met["input_grad"] == met["kernel_grad"] - padding
    assert np.prod(y) * 6 * opened.network.shapes["c.w"][1] == opened.trace.macs


def test_a_dense_gradient_step_is_its_forward_twin() -> None:
    opened = stepper(
        "[input]\nvalues = [[1.0, 2.0, 3.0]]\n[[layers]]\ntype = 'flatten'\nname = 'f'\n"
        "[[layers]]\ntype = 'dense'\nname = 'd'\nunits = 2\n[output_grad]\nones = true"
    )
    for address, mac in (
        ("d.kernel_grad[1,2] tap[0]", 5),
        ("d.kernel_grad[0,1] tap[0]", 1),
        ("d.input_grad[0,2] tap[1]", 5),
        ("d.input_grad[0,0] tap[1]", 3),
    ):
        assert opened.read(opened.find(address)).mac == mac
    assert opened.read(opened.find("d.forward[0,1] tap[2]")).mac == 5
    assert opened.read(opened.find("d.bias_grad[1]")).mac is None


@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_last_step_of_a_cell_is_the_gradient(name: str) -> None:
    """Also backwards a tensor is what its steps add up to, bit for bit."""
    iteration, values = every_pass(name)
    for sweep in iteration.phases["backward"]:
        assert values[sweep.writes].shape == sweep.cells
        assert np.isfinite(values[sweep.writes]).all(), sweep.writes


# --- mistakes that learners make ----------------------------------------------------------------


def test_gradients_start_from_zero_in_every_iteration() -> None:
    """Iteration 5's gradient is that of its own weights, nothing left from before."""
    opened = stepper(NET)
    later = opened.iterations.at(5)
    fresh = stepper(NET)
    for name in opened.network.parameters:
        for index in np.ndindex(later[name].shape):
            fresh.edit(name, index, float(later[name][index]))
    for tensor in ("conv1.dw", "conv1.db", "fc.dw", "fc.db"):
        assert same_bits(fresh.values[tensor], later[tensor]), tensor
        total = sum(opened.iterations.at(number)[tensor] for number in range(6))
        assert not np.allclose(later[tensor], total)


def test_the_slope_of_relu_at_0_is_0() -> None:
    opened = stepper(
        "[input]\nvalues = [[-1.0, 0.0, -0.0, 2.0]]\n[[layers]]\ntype = 'relu'\nname = 'r'\n"
        "[output_grad]\nvalues = [[5, 6, 7, 8]]"
    )
    assert opened.values["r.dx"].ravel().tolist() == [0, 0, 0, 8]


def test_a_closed_relu_lets_nothing_through() -> None:
    opened = stepper(
        "[input]\nvalues = [[1.0, 2.0]]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\n"
        "kernel = [[-1.0]]\n[[layers]]\ntype = 'relu'\nname = 'r'\n[output_grad]\nones = true"
    )
    assert not opened.values["c.dw"].any()
    assert not opened.values["c.dx"].any()


def test_overlapping_windows_add() -> None:
    """The centre wins all four windows and gets 1 + 2 + 3 + 4, not only the last one's."""
    opened = stepper(
        "[input]\nvalues = [[1, 2, 1], [2, 9, 2], [1, 2, 1]]\n[[layers]]\ntype = 'max_pool2d'\n"
        "name = 'p'\nsize = 2\nstride = 1\n[output_grad]\nvalues = [[1, 2], [3, 4]]"
    )
    assert opened.values["p.dx"][0, 0].tolist() == [[0, 0, 0], [0, 10, 0], [0, 0, 0]]


def test_the_first_of_a_tie_takes_it_all() -> None:
    opened = stepper(
        "[input]\nvalues = [[3, 3], [3, 3]]\n[[layers]]\ntype = 'max_pool2d'\nname = 'p'\n"
        "size = 2\n[output_grad]\nvalues = [[7]]"
    )
    assert opened.values["p.dx"][0, 0].tolist() == [[7, 0], [0, 0]]


# --- kinks --------------------------------------------------------------------------------------


def test_a_relu_at_0_is_a_kink_and_not_wrong() -> None:
    found = checks(
        "[input]\nvalues = [[-1.0, 0.0, 2.0]]\n[[layers]]\ntype = 'relu'\nname = 'r'\n"
        "[output_grad]\nones = true"
    )["r.dx"]
    assert (found.ok, found.kinks, found.checked) == (True, 1, 3)


NEAR_TIE = """
[input]
values = [[1.0, {}], [0.0, -1.0]]
[[layers]]
type = "max_pool2d"
name = "p"
size = 2
[output_grad]
values = [[2.0]]
"""


@pytest.mark.parametrize("off", [0.0, 1e-9, 1e-7, 1e-5, -1e-5, 5e-5])
def test_a_maximum_that_moves_is_a_kink_and_not_wrong(off: float) -> None:
    """A tie, or all but one: the difference's step changes who wins, unless it is small enough."""
    found = checks(NEAR_TIE.format(1.0 + off))["p.dx"]
    assert (found.ok, found.kinks) == (True, 2 if abs(off) < 1e-6 else 0)
    assert not found.says_nothing


def test_where_all_is_a_kink_nothing_is_wrong_and_that_is_said() -> None:
    found = checks(
        "[input]\nvalues = [[3.0, 3.0], [3.0, 3.0]]\n[[layers]]\ntype = 'max_pool2d'\nname = 'p'\n"
        "size = 2\n[output_grad]\nones = true"
    )["p.dx"]
    assert (found.checked, found.kinks, found.ok, found.says_nothing) == (4, 4, True, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[input]\nvalues = [[1.0, nan]]", "input[0,0,0,1] is nan"),
        ("[input]\nvalues = [[-inf, 1.0]]", "input[0,0,0,0] is -inf"),
        ("[input]\nvalues = [[1e200, -1e200]]", "c.y[0,0,0,0] is inf"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_that_are_not_finite_are_named(text: str, said: str) -> None:
    """No difference says anything there."""
    text += "\n[[layers]]\ntype = 'conv2d'\nname = 'c'\nkernel = [[1e200]]\n"
    with pytest.raises(CnnsimError) as caught:
        checks(text)
    assert caught.value.exit_code == 1
    assert caught.value.message == said


def test_a_bend_is_no_kink() -> None:
    """Close to a minimum the slope is small beside the curvature; nothing there is a kink."""
    found = checks(
        "[input]\nvalues = [[[1.0]]]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\n"
        "kernel = [[1.01]]\n[loss]\ntype = 'mean_squared_error'\ntarget = [[1.0]]"
    )
    assert all(check.ok and check.kinks == 0 for check in found.values())


# --- wrong gradients ----------------------------------------------------------------------------


def times_too_much(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The product; one entry of the gradient, [1,0,2,1], gets 1 % too much."""
    is_there = (cell[0] == 1) & (cell[1] == 0) & (cell[2] == 2) & (cell[3] == 1)
    return values[0] * values[1] * (1.0 + 0.01 * is_there)


def twice(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The product, twice."""
    return 2.0 * values[0] * values[1]


def unchecked(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """The gradient as it comes, whatever x is."""
    return values[0]


def changed(sweeps: list[Sweep], name: str, **rule: Any) -> list[Sweep]:
    """The same sweeps, one of them with another rule."""
    assert any(sweep.name == name for sweep in sweeps)
    return [replace(sweep, **rule) if sweep.name == name else sweep for sweep in sweeps]


@pytest.fixture
def wrong_kinds() -> Iterator[None]:
    """Kinds with a mistake in their gradient."""

    class AlmostConv(Conv2d):
        """One entry of dw is 1 % off."""

        type: Literal["almost_conv2d"]  # type: ignore[assignment]

        def backward(self, place: Place) -> list[Sweep]:
            return changed(super().backward(place), "kernel_grad", term=times_too_much)

    class DoubleDense(Dense):
        """The gradient of its input is twice too large."""

        type: Literal["double_dense"]  # type: ignore[assignment]

        def backward(self, place: Place) -> list[Sweep]:
            return changed(super().backward(place), "input_grad", term=twice)

    class OpenRelu(Relu):
        """It forgets to close."""

        type: Literal["open_relu"]  # type: ignore[assignment]

        def backward(self, place: Place) -> list[Sweep]:
            return changed(super().backward(place), "input_grad", term=unchecked)

    class SharingPool(MaxPool2d):
        """Every pixel gets the gradient, not the winner alone."""

        type: Literal["sharing_pool2d"]  # type: ignore[assignment]

        def backward(self, place: Place) -> list[Sweep]:
            return changed(super().backward(place), "input_grad", term=unchecked)

    yield
    for name in ("almost_conv2d", "double_dense", "open_relu", "sharing_pool2d"):
        del Layer.family[name]


@pytest.mark.usefixtures("wrong_kinds")
def test_one_wrong_entry_is_named() -> None:
    found = checks(NET.replace('"conv2d"', '"almost_conv2d"'))
    assert {name for name, check in found.items() if not check.ok} == {"conv1.dw"}
    wrong = found["conv1.dw"]
    assert wrong.worst == (1, 0, 2, 1)
    assert wrong.analytic == pytest.approx(1.01 * wrong.numeric, rel=1e-6)
    assert wrong.max_relative_error == pytest.approx(0.01 / 1.01, rel=1e-3)


@pytest.mark.usefixtures("wrong_kinds")
def test_a_wrong_gradient_that_still_learns_is_caught() -> None:
    """The loss falls all the same: that is why one checks."""
    text = NET.replace('"dense"', '"double_dense"')
    iterations = stepper(text).iterations
    losses = [float(iterations.at(number)["loss"]) for number in range(30)]
    assert losses[-1] < losses[0] / 2
    assert losses == sorted(losses, reverse=True)
    found = checks(text)
    assert {name for name, check in found.items() if check.ok} == {"fc.dw", "fc.db"}
    for name in ("conv1.dw", "conv1.db", "conv1.dx"):
        assert found[name].analytic == pytest.approx(2 * found[name].numeric, rel=1e-6)


@pytest.mark.usefixtures("wrong_kinds")
def test_a_relu_that_never_closes_is_caught() -> None:
    text = "[input]\nvalues = [[-1.0, 0.5, 2.0]]\n[[layers]]\ntype = 'RELU'\nname = 'r'\n"
    text += "[output_grad]\nones = true"
    assert checks(text.replace("RELU", "relu"))["r.dx"].ok
    wrong = checks(text.replace("RELU", "open_relu"))["r.dx"]
    assert (wrong.ok, wrong.worst, wrong.analytic, wrong.kinks) == (False, (0, 0, 0, 0), 1, 0)


@pytest.mark.usefixtures("wrong_kinds")
def test_a_pool_that_shares_is_caught() -> None:
    text = "[input]\nvalues = [[4.0, 3.0], [2.0, 1.0]]\n[[layers]]\ntype = 'POOL'\nname = 'p'\n"
    text += "size = 2\n[output_grad]\nones = true"
    assert checks(text.replace("POOL", "max_pool2d"))["p.dx"].ok
    wrong = checks(text.replace("POOL", "sharing_pool2d"))["p.dx"]
    assert (wrong.ok, wrong.worst, wrong.numeric) == (False, (0, 0, 0, 1), 0)
    near = checks(NEAR_TIE.format(1.0 + 5e-5).replace("max_pool2d", "sharing_pool2d"))["p.dx"]
    assert (near.ok, near.worst, near.kinks) == (False, (0, 0, 0, 0), 0)


@pytest.mark.usefixtures("wrong_kinds")
def test_a_wrong_gradient_near_a_minimum_is_no_kink() -> None:
    """There the one-sided slopes differ, for the curvature is large beside them."""
    wrong = checks(
        "[input]\nvalues = [[1.0]]\n[[layers]]\ntype = 'flatten'\nname = 'f'\n[[layers]]\n"
        "type = 'double_dense'\nname = 'd'\nweights = [[1.01]]\n"
        "[loss]\ntype = 'mean_squared_error'\ntarget = [1.0]"
    )
    assert wrong["d.dw"].ok
    assert not wrong["f.dx"].ok
    assert wrong["f.dx"].kinks == 0


# --- iterations ---------------------------------------------------------------------------------


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


def test_kinks_that_cancel_are_not_wrong() -> None:
    """The middle zero joins two tied windows: it is no use either way, yet wins the second tie."""
    found = checks(
        "[input]\nvalues = [[0.0, 0.0, 0.0]]\n[[layers]]\ntype = 'max_pool2d'\nname = 'p'\n"
        "size = [1, 2]\nstride = 1\n[output_grad]\nvalues = [[1.0, -1.0]]"
    )["p.dx"]
    assert (found.checked, found.kinks, found.ok) == (3, 3, True)


# --- the bundled scenarios ----------------------------------------------------------------------

LARGE = {
    "lenet5": 2,
    "simplecnn": 1,
    "digits_cnn": 2,
    "digits_zeros_ones": 2,
    "mnist_lenet": 2,
    "mnist_cnn": 1,
    "mnist_zeros_ones": 2,
}
#: AlexNet takes minutes.
SMALL = [name for name in bundled_names() if not name.startswith("alexnet")]


@pytest.mark.parametrize("name", SMALL)
def test_every_bundled_gradient_is_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the large ones one or two entries of each tensor."""
    if name in LARGE:
        monkeypatch.setattr(gradcheck, "EVERY_ENTRY", 0)
        monkeypatch.setattr(gradcheck, "DIRECTIONS", 0)
    given = read_scenario(name)
    found, is_random = with_gradient(given)
    assert is_random == (not given.iteration.gradients)
    made = [*check_gradients(found, LARGE.get(name, gradcheck.ENTRIES))]
    assert [check for check in made if check.max_relative_error > line.TOLERANCE] == []
    # A single entry of a large tensor may well be a kink: it moves thousands of maxima.
    assert name in LARGE or all(check.ok for check in made)
    expected = {slot.gradient for slot in found.iteration.slots}
    named = {check.tensor for check in made}
    assert expected < named, "and the input's"
