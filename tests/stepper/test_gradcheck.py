"""Gradients without torch: the trilinear identity, the gradient check, iterations, old mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from checked import NET, checks
from networks import scenario, stepper
from texts import classifier, layer

from cnnsim.errors import CnnsimError
from cnnsim.kernels.fill import Progress
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.dense import Dense
from cnnsim.network.kinds.max_pool2d import MaxPool2d
from cnnsim.network.kinds.relu import Relu
from cnnsim.network.layer import Layer, Place
from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper import gradcheck, line
from cnnsim.stepper.gradcheck import check_gradients, with_gradient
from cnnsim.steps.sweep import Index, Sweep

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


def test_kinks_that_cancel_are_not_wrong() -> None:
    """The middle zero joins two tied windows: it is no use either way, yet wins the second tie."""
    found = checks(
        "[input]\nvalues = [[0.0, 0.0, 0.0]]\n[[layers]]\ntype = 'max_pool2d'\nname = 'p'\n"
        "size = [1, 2]\nstride = 1\n[output_grad]\nvalues = [[1.0, -1.0]]"
    )["p.dx"]
    assert (found.checked, found.kinks, found.ok) == (3, 3, True)


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


def test_a_loss_that_is_not_finite_is_named() -> None:
    with pytest.raises(CnnsimError) as caught:
        checks(
            "[input]\nvalues = [0.5, 1.5]\n[[layers]]\ntype = 'relu'\nname = 'r'\n"
            "[loss]\ntype = 'binary_cross_entropy'\ntarget = [1, 0]\n"
        )
    assert caught.value.message == "loss is nan"


def test_a_bend_is_no_kink() -> None:
    """Close to a minimum the slope is small beside the curvature; nothing there is a kink."""
    found = checks(
        "[input]\nvalues = [[[1.0]]]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\n"
        "kernel = [[1.01]]\n[loss]\ntype = 'mean_squared_error'\ntarget = [[1.0]]"
    )
    assert all(check.ok and check.kinks == 0 for check in found.values())


CONSTANT = f"""
mode = "training"
[input]
ones = [4, 3, 8, 8]
{layer("conv2d", "c", filters=3, size=3)}
{layer("batch_norm2d", "n")}
"""


@pytest.mark.parametrize(
    "behind",
    [
        "",
        layer("tanh", "t") + "\n[output_grad]\nones = true",
        classifier(4, target=1),
    ],
)
def test_what_batch_norm_takes_away_again_is_not_wrong(behind: str) -> None:
    """Its gradient is 0, as the bias moves every number alike; differences say what rounding does.

    Of constant maps the rounding is 300 times as large as elsewhere: 1/√epsilon.
    """
    given, _ = with_gradient(scenario(CONSTANT + behind))
    found = {check.tensor: check for check in check_gradients(given, 12)}
    assert all(check.ok for check in found.values())
    for name in ("c.db", "c.dw"):
        assert found[name].kinks == 0
        assert found[name].analytic == pytest.approx(0, abs=1e-10)


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
def test_a_wrong_gradient_behind_much_rounding_is_caught() -> None:
    """What rounding may do there does not excuse the dense layer, nor what flows out of it."""
    text = CONSTANT.replace("[4, 3, 8, 8]", "[2, 1, 5, 5]") + classifier(2, target=1)
    wrong = checks(text.replace('"dense"', '"double_dense"'))
    assert not wrong["n.db"].ok
    assert wrong["fc.dw"].ok


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
        monkeypatch.setattr(gradcheck, "DIRECTIONS", 0)
    given = read_scenario(name)
    found, is_random = with_gradient(given)
    assert is_random == (not given.iteration.gradients)
    told: list[Progress] = []
    made = [*check_gradients(found, LARGE.get(name), told.append)]
    shares = [progress.share for progress in told]
    assert shares == sorted(shares), "it goes on"
    assert (shares[0], shares[-1] < 1) == (0, True)
    assert [check for check in made if check.max_relative_error > line.TOLERANCE] == []
    # A single entry of a large tensor may well be a kink: it moves thousands of maxima.
    assert name in LARGE or all(check.ok for check in made)
    expected = {slot.gradient for slot in found.iteration.slots}
    named = {check.tensor for check in made}
    assert expected < named, "and the input's"
