"""All the other kinds of layers against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import forward, network, values_of
from strategies import examples, generators

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional

#: Values around every bend, and far out.
BENDS = np.array(
    [0.0, -0.0, 1e-300, -1e-300, 0.5, -0.5, 20, -20, 709, -709, 1e4, -1e4, np.inf, -np.inf, np.nan]
)

shapes = st.one_of(st.tuples(st.integers(1, 6)), st.tuples(*(st.integers(1, 4) for _ in range(3))))


@pytest.mark.parametrize(
    ("entry", "function"),
    [
        ({"type": "relu"}, torch.relu),
        ({"type": "leaky_relu"}, F.leaky_relu),
        ({"type": "leaky_relu", "slope": 0.3}, lambda x: F.leaky_relu(x, 0.3)),
        ({"type": "leaky_relu", "slope": 0}, lambda x: F.leaky_relu(x, 0.0)),
        ({"type": "leaky_relu", "slope": 1}, lambda x: F.leaky_relu(x, 1.0)),
        ({"type": "sigmoid"}, torch.sigmoid),
        ({"type": "tanh"}, torch.tanh),
        ({"type": "dropout", "rate": 0.9}, lambda x: x),
        ({"type": "flatten"}, lambda x: x.flatten(1)),
    ],
)
def test_one_term_kinds(entry: dict[str, Any], function: Any) -> None:
    @examples(15)
    @given(generators(), shapes, st.integers(1, 3))
    def check(rng: np.random.Generator, shape: tuple[int, ...], batch: int) -> None:
        x = rng.standard_normal((batch, *shape)) * rng.choice([1, 30, 1e4])
        y = forward(network(entry, shape=shape, batch=batch), x)
        np.testing.assert_allclose(y, function(torch.tensor(x)).numpy(), rtol=1e-14, atol=0)

    check()
    bends = BENDS[np.isfinite(BENDS)] if entry.get("slope") == 0 else BENDS
    y = forward(network(entry, shape=bends.shape), bends[np.newaxis])[0]
    expected = function(torch.tensor(bends[np.newaxis])).numpy()[0]
    # Around e^±709 libraries differ in denormal numbers.
    np.testing.assert_allclose(y, expected, rtol=1e-14, atol=1e-307)


@examples(40)
@given(generators(), shapes, st.integers(1, 3), st.sampled_from([1.0, 30.0, 1e4]))
def test_softmax(rng: np.random.Generator, shape: Any, batch: int, scale: float) -> None:
    x = rng.standard_normal((batch, *shape)) * scale
    y = forward(network({"type": "softmax"}, shape=shape, batch=batch), x)
    expected = torch.softmax(torch.tensor(x), dim=1).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-14)


@examples(40)
@given(generators(), st.integers(1, 3), st.integers(1, 7), st.integers(1, 5), st.booleans())
def test_dense(rng: np.random.Generator, batch: int, inputs: int, units: int, bias: bool) -> None:
    x, w = rng.standard_normal((batch, inputs)), rng.standard_normal((units, inputs))
    b = rng.standard_normal(units) if bias else None
    entry = {"type": "dense", "weights": w, "bias": "none" if b is None else b}
    y = forward(network(entry, shape=(inputs,), batch=batch), x)
    offset = None if b is None else torch.tensor(b)
    expected = F.linear(torch.tensor(x), torch.tensor(w), offset)
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-12, atol=1e-12)


@examples(40)
@given(generators(), st.integers(1, 3), st.tuples(*(st.integers(1, 5) for _ in range(3))))
def test_batch_norm_in_evaluation(
    rng: np.random.Generator, batch: int, shape: tuple[int, int, int]
) -> None:
    x = rng.standard_normal((batch, *shape)) * 3 + 1
    mean, shift, scale = (rng.standard_normal(shape[0]) for _ in range(3))
    variance = rng.random(shape[0])
    numbers = {"mean": mean, "variance": variance, "scale": scale, "shift": shift}
    entry = {"type": "batch_norm2d", "epsilon": 1e-3, **numbers}
    y = forward(network(entry, shape=shape, batch=batch), x)
    tensors = (torch.tensor(numbers[key]) for key in ("mean", "variance", "scale", "shift"))
    expected = F.batch_norm(torch.tensor(x), *tensors, training=False, eps=1e-3)
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-11, atol=1e-11)


@examples(40)
@given(generators(), st.integers(1, 3), st.tuples(*(st.integers(1, 5) for _ in range(3))))
def test_batch_norm_in_training(
    rng: np.random.Generator, batch: int, shape: tuple[int, int, int]
) -> None:
    if batch * shape[1] * shape[2] == 1:  # torch refuses a variance of one value
        return
    x = rng.standard_normal((batch, *shape)) * 3 + 1
    shift, scale = rng.standard_normal(shape[0]), rng.standard_normal(shape[0])
    entry = {"type": "batch_norm2d", "scale": scale, "shift": shift}
    net = network(entry, shape=shape, batch=batch, training=True)
    values = values_of(net, x)
    pixels = torch.tensor(x)
    variance, mean = torch.var_mean(pixels, dim=(0, 2, 3), correction=0)
    near: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(values["batch_norm2d.batch_mean"], mean.numpy(), **near)
    np.testing.assert_allclose(values["batch_norm2d.batch_variance"], variance.numpy(), **near)
    normal = F.batch_norm(pixels, None, None, training=True)
    np.testing.assert_allclose(values["batch_norm2d.normalised"], normal.numpy(), **near)
    y = F.batch_norm(pixels, None, None, torch.tensor(scale), torch.tensor(shift), training=True)
    np.testing.assert_allclose(values["batch_norm2d.y"], y.numpy(), **near)
