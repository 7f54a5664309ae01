"""Convolution: the worked examples of the source articles, and identities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from networks import forward, network, values_of
from strategies import Case, convolutions, examples

from cnnsim.network.layer import kinds
from cnnsim.network.window import share_inside

X = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
K = [[1, 2], [-1, 0]]


def toy(**options: Any) -> list[list[float]]:
    net = network({"type": "conv2d", "kernel": K, **options}, shape=(1, 3, 3))
    return forward(net, np.array([[X]]))[0, 0].tolist()


@pytest.mark.parametrize(
    ("mode", "padding", "expected"),
    [
        ("cross_correlation", "valid", [[8, 7], [4, 5]]),
        ("convolution", "valid", [[7, 5], [11, 3]]),
        (
            "cross_correlation",
            "full",
            [[0, -1, -6, -2], [2, 8, 7, 1], [10, 4, 5, -3], [14, 7, 8, 4]],
        ),
        ("convolution", "full", [[1, 8, 14, 4], [4, 7, 5, 2], [2, 11, 3, 8], [-7, 0, -4, 0]]),
    ],
)
def test_toy(mode: str, padding: str, expected: list[list[float]]) -> None:
    assert toy(mode=mode, padding=padding) == expected


def test_true_convolution_is_correlation_with_the_kernel_turned() -> None:
    turned = np.rot90(np.array(K), 2)
    assert turned.tolist() == [[0, -1], [2, 1]]
    assert toy(mode="convolution", padding="full") == toy(kernel=turned, padding="full")


@pytest.mark.parametrize(("mode", "expected"), [("cross_correlation", 8), ("convolution", -8)])
def test_sobel(mode: str, expected: float) -> None:
    kernel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    net = network({"type": "conv2d", "kernel": kernel, "mode": mode}, shape=(1, 5, 5))
    x = np.arange(1, 26).reshape(1, 1, 5, 5)
    assert (forward(net, x) == expected).all()
    assert net.places["conv2d"].output == (1, 3, 3)


@examples(60)
@given(convolutions(plane=5))
def test_padding_macs_by_counting(case: Case) -> None:
    """A picture of ones, a kernel of ones: what a cell lacks are its taps on padding."""
    assert case.kernel is not None
    entry = {**case.entry, "kernel": np.ones_like(case.kernel), "bias": "none"}
    net = Case(entry, case.x).net
    y = forward(net, np.ones_like(case.x))[0]
    layer, place = net.layers[0], net.places["conv2d"]
    on_padding = y.size * case.kernel[0].size - y.sum()
    assert layer.padding_macs(place.inputs) == on_padding
    inside, every = share_inside(layer.field(place.inputs))
    assert every - inside <= every
    assert sum(sweep.steps for sweep in net.sweeps) == y.size * len(case.x) * case.kernel[0].size


def test_drawn_kernels_are_uniform_within_one_over_root_fan_in() -> None:
    net = network({"type": "conv2d", "filters": 64, "size": 3}, shape=(16, 5, 5), seed=1)
    drawn = {name: parameter.draw(1, name) for name, parameter in net.parameters.items()}
    bound = 1 / np.sqrt(16 * 9)
    for numbers in drawn.values():
        assert numbers.dtype == np.float32
        assert np.abs(numbers).max() <= bound
    weights = drawn["conv2d.w"]
    assert abs(weights.mean()) < bound / 20
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)


def test_he_kernels_have_variance_two_over_fan_in() -> None:
    entry = {"type": "conv2d", "filters": 64, "size": 3, "init": "he"}
    net = network(entry, shape=(16, 5, 5))
    values = values_of(net, np.zeros((1, 16, 5, 5)))
    assert values["conv2d.w"].var() == pytest.approx(2 / (16 * 9), rel=0.05)
    assert not values["conv2d.b"].any()


def test_one_layer_is_drawn_like_in_the_whole_network() -> None:
    first = {"type": "conv2d", "name": "a", "filters": 2, "size": 1}
    second = {"type": "conv2d", "name": "b", "filters": 2, "size": 1}
    together = network(first, second, shape=(2, 3, 3))
    alone = network(second, shape=(2, 3, 3))
    drawn = together.parameters["b.w"].draw(7, "b.w")
    assert (drawn == alone.parameters["b.w"].draw(7, "b.w")).all()
    assert (drawn != together.parameters["a.w"].draw(7, "a.w")).any()
    assert (drawn != alone.parameters["b.w"].draw(8, "b.w")).any()


@pytest.mark.parametrize(
    ("options", "shape", "told"),
    [
        ({"kernel": np.ones((1, 2, 2, 2))}, (3, 4, 4), ["2 deep", "3 maps"]),
        ({"filters": 4, "size": 3, "groups": 3}, (3, 4, 4), ["4 filters", "3 groups"]),
        ({"filters": 3, "size": 3, "groups": 3}, (4, 4, 4), ["4 input maps", "3 groups"]),
        ({"filters": 1, "size": 5}, (1, 4, 6), ["5x5", "4x6"]),
        ({"filters": 1, "size": 3, "dilation": 3}, (1, 4, 6), ["7 pixels", "4x6"]),
        ({"filters": 1, "size": 6, "padding": [0, 0, 1, 0]}, (1, 4, 6), ["padded to 5"]),
        ({"filters": 3, "size": 1, "bias": [1, 2]}, (1, 4, 6), ["bias", "3x4x6"]),
        ({"filters": 1, "size": 1}, (9,), ["maps", "9"]),
    ],
)
def test_what_does_not_fit_is_said(
    options: dict[str, Any], shape: tuple[int, ...], told: list[str]
) -> None:
    net = network({"type": "conv2d", "name": "c1", **options}, shape=shape)
    (error,) = net.errors
    assert error.layer == "c1"
    for part in told:
        assert part in str(error)


def test_why_lines_compute() -> None:
    """The formulas under "why this shape" give the numbers that stand behind them."""
    entry = {
        "type": "conv2d", "filters": 4, "size": [3, 2], "stride": [2, 1],
        "padding": [1, 0, 2, 1], "dilation": [2, 3], "groups": 2,
    }  # fmt: skip
    layer = kinds()["conv2d"].model_validate({"name": "c", **entry})
    lines = {why.label: why for why in layer.why([(2, 9, 11)])}
    for label in ("rows", "columns", "params", "MACs"):
        formula = lines[label].formula
        for symbol, python in (("⌊", "int("), ("⌋", ")"), ("·", "*"), ("−", "-")):
            formula = formula.replace(symbol, python)
        assert eval(formula) == int(lines[label].result.replace(",", "")), lines[label]
