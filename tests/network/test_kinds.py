"""The kinds without a window: rearranging, adding, dropping, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks import same_bits
from hypothesis import given
from hypothesis import strategies as st
from networks import forward, network, values_of
from strategies import examples, generators

from cnnsim.network.layer import kinds


@examples(60)
@given(generators(), st.integers(1, 3), st.data())
def test_reshape_and_flatten_keep_the_order(
    rng: np.random.Generator, batch: int, data: st.DataObject
) -> None:
    size = data.draw(st.sampled_from([1, 6, 12, 36]))
    sides = [n for n in range(1, size + 1) if size % n == 0]

    def some_shape() -> tuple[int, ...]:
        if data.draw(st.booleans()):
            return (size,)
        first = data.draw(st.sampled_from(sides))
        second = data.draw(st.sampled_from([n for n in sides if size // first % n == 0]))
        return (first, second, size // first // second)

    source, target = some_shape(), some_shape()
    x = rng.standard_normal((batch, *source))
    net = network({"type": "reshape", "shape": list(target)}, shape=source, batch=batch)
    assert same_bits(forward(net, x), x.reshape(batch, *target))
    flat = network({"type": "flatten"}, shape=source, batch=batch)
    assert same_bits(forward(flat, x), x.reshape(batch, -1))


@examples(20)
@given(generators(), st.integers(2, 4), st.integers(1, 2))
def test_add(rng: np.random.Generator, count: int, batch: int) -> None:
    """x₁ + x₂ + … from left to right, of the input and of layers."""
    kernels = rng.standard_normal((count - 1, 1, 1, 1, 1))
    entries: list[dict[str, Any]] = [
        {"type": "conv2d", "name": f"c{number}", "kernel": kernel, "from": "input"}
        for number, kernel in enumerate(kernels)
    ]
    sources = ["input", *(entry["name"] for entry in entries)]
    net = network(*entries, {"type": "add", "from": sources}, shape=(1, 2, 3), batch=batch)
    x = rng.standard_normal((batch, 1, 2, 3))
    expected = x
    for kernel in kernels:
        expected = expected + x * kernel.item()
    np.testing.assert_allclose(forward(net, x), expected, rtol=1e-14, atol=1e-15)


def test_add_of_a_tensor_to_itself() -> None:
    net = network({"type": "add", "from": ["input", "input"]}, shape=(3,))
    assert forward(net, np.array([[1.0, 2, 3]])).tolist() == [[2, 4, 6]]


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 0.9])
def test_dropout_in_training(rate: float) -> None:
    net = network(
        {"type": "dropout", "rate": rate}, shape=(4, 50, 50), batch=2, training=True, seed=3
    )
    y = forward(net, np.ones((2, 4, 50, 50)))
    assert set(np.unique(y)) == ({0.0, 1 / (1 - rate)} if rate else {1.0})
    assert (y == 0).mean() == pytest.approx(rate, abs=0.02)
    assert y.mean() == pytest.approx(1, abs=0.1)
    assert (y[0] != y[1]).any() or rate == 0


def test_dropout_masks_depend_on_seed_and_name() -> None:
    def mask(seed: int, name: str) -> Any:
        entry = {"type": "dropout", "name": name}
        net = network(entry, shape=(100,), training=True, seed=seed)
        return values_of(net, np.ones((1, 100)))[f"{name}.mask"].tolist()

    assert mask(1, "d") == mask(1, "d")
    assert mask(1, "d") != mask(2, "d")
    assert mask(1, "d") != mask(1, "e")


@pytest.mark.parametrize("shape", [(3,), (3, 1, 2)])
def test_softmax_of_extreme_logits(shape: tuple[int, ...]) -> None:
    x = np.broadcast_to(np.array([1e4, 1e4, -1e4]).reshape(-1, *(1 for _ in shape[1:])), shape)
    y = forward(network({"type": "softmax"}, shape=shape), x[np.newaxis])[0]
    assert (y[:2] == 0.5).all()
    assert (y[2] == 0).all()


def test_a_scalar_serves_all_channels_of_batch_norm() -> None:
    entry = {"type": "batch_norm2d", "mean": 1, "variance": 4, "scale": 2, "shift": 3}
    net = network({**entry, "epsilon": 1e-12}, shape=(2, 1, 1))
    y = forward(net, np.array([[[[5.0]], [[-1.0]]]]))
    assert y.ravel() == pytest.approx([7, 1])


@pytest.mark.parametrize(
    ("entry", "shape", "told"),
    [
        ({"type": "dense", "units": 3}, (2, 4, 4), ["flatten", "2x4x4"]),
        ({"type": "dense", "units": 3, "inputs": 7}, (8,), ["7", "8"]),
        ({"type": "dense", "weights": [[1, 2]]}, (3,), ["2", "3"]),
        ({"type": "dense", "units": 2, "bias": [1, 2, 3]}, (3,), ["3 numbers", "2 units"]),
        ({"type": "reshape", "shape": [2, 2, 2]}, (9,), ["8", "9"]),
        ({"type": "batch_norm2d"}, (9,), ["maps"]),
        ({"type": "batch_norm2d", "mean": [1, 2]}, (3, 2, 2), ["mean", "3"]),
        ({"type": "batch_norm2d", "variance": -1}, (3, 2, 2), ["negative"]),
        ({"type": "max_pool2d", "size": 1}, (9,), ["maps"]),
    ],
)
def test_what_does_not_fit_is_said(
    entry: dict[str, Any], shape: tuple[int, ...], told: list[str]
) -> None:
    (error,) = network(entry, shape=shape).errors
    for part in told:
        assert part in str(error)


def test_inputs_of_different_shapes_cannot_be_added() -> None:
    net = network(
        {"type": "conv2d", "filters": 2, "size": 1},
        {"type": "add", "from": ["input", "conv2d"]},
        shape=(1, 3, 3),
    )
    assert "1x3x3 and 2x3x3" in str(net.errors[0])


def test_all_kinds_of_the_design_are_here() -> None:
    assert set(kinds()) >= {
        "conv2d", "dense", "max_pool2d", "avg_pool2d", "relu", "leaky_relu", "sigmoid", "tanh",
        "softmax", "flatten", "reshape", "dropout", "batch_norm2d", "add",
    }  # fmt: skip
