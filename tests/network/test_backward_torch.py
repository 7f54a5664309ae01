"""Every gradient against torch's autograd: each kind under all its options, and whole networks.

Our side is the sweeps; torch's side rebuilds the network from the keys of its layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import both, convolutions, examples, fits, generators, pairs, pools
from torch_side import Entry, compare

from cnnsim.network.graph import INPUT
from cnnsim.network.loss import losses
from cnnsim.stepper.values import Values

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional

Array = np.ndarray[Any, Any]


# --- each kind ----------------------------------------------------------------------------------


@examples(150)
@given(convolutions(plane=6), generators())
def test_conv2d(case: Any, rng: np.random.Generator) -> None:
    """Groups, dilation, strides, four-sided padding, true convolution, all kinds of bias."""
    entry = dict(case.entry)
    if isinstance(entry.get("bias"), np.ndarray) and entry["bias"].ndim == 0:
        entry["bias"] = "tied"
    compare([entry], case.x, rng)


@examples(120)
@given(pools("max_pool2d"), generators())
def test_max_pool2d(case: Any, rng: np.random.Generator) -> None:
    """Half of the inputs are full of ties; windows overlap, hang over and are spread."""
    sides = zip(both(case.entry["padding"]), both(case.entry["size"]), strict=True)
    assume(all(2 * padding <= size for padding, size in sides))
    net = case.net
    values = Values(net.sweeps, {INPUT: case.x})
    assume(bool(np.isfinite(values["max_pool2d.y"]).all()))
    compare([case.entry], case.x, rng)


@examples(120)
@given(pools("avg_pool2d"), generators())
def test_avg_pool2d(case: Any, rng: np.random.Generator) -> None:
    compare([case.entry], case.x, rng)


@examples(80)
@given(
    generators(),
    st.sampled_from(["max_pool2d", "avg_pool2d"]),
    pairs(3, 6),
    pairs(2, 4),
    pairs(1, 3),
    st.lists(st.integers(0, 1), min_size=4, max_size=4),
    st.booleans(),
)
def test_pools_with_four_paddings(
    rng: np.random.Generator,
    kind: str,
    plane: list[int],
    size: list[int],
    stride: list[int],
    padding: list[int],
    ties: bool,
) -> None:
    x = rng.integers(-1, 2, (2, 2, *plane)).astype(np.float64)
    if not ties:
        x = rng.standard_normal(x.shape)
    entry = {"type": kind, "size": size, "stride": stride, "padding": padding}
    fits(entry, x)
    compare([entry], x, rng)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "relu"},
        {"type": "leaky_relu"},
        {"type": "leaky_relu", "slope": 0.3},
        {"type": "leaky_relu", "slope": 0},
        {"type": "sigmoid"},
        {"type": "tanh"},
        {"type": "softmax"},
        {"type": "flatten"},
        {"type": "dropout", "rate": 0.3},
    ],
    ids=lambda entry: "-".join(map(str, entry.values())),
)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_one_input_kinds(entry: Entry, training: bool) -> None:
    """On numbers of any size, on small whole ones with many zeros, of both signs."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        maps = entry["type"] == "flatten" or seed % 2
        shape = rng.integers(1, 5, 4) if maps else rng.integers(1, 6, 2)
        x = rng.standard_normal(shape) * rng.choice([1, 10])
        if seed % 3 == 0:
            x = rng.integers(-1, 2, shape) * rng.choice([-1.0, 1.0], shape)
        compare([entry], x, rng, training)


@examples(40)
@given(generators(), st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.booleans())
def test_dense(rng: np.random.Generator, batch: int, inputs: int, units: int, bias: bool) -> None:
    entry = {"type": "dense", "units": units, "bias": "tied" if bias else "none"}
    compare([entry], rng.standard_normal((batch, inputs)), rng)


@examples(60)
@given(
    generators(), st.integers(1, 3), st.integers(1, 3), pairs(1, 4), st.booleans(),
    st.sampled_from([1e-5, 1e-2]),
)  # fmt: skip
def test_batch_norm2d(
    rng: np.random.Generator,
    batch: int,
    channels: int,
    plane: list[int],
    training: bool,
    epsilon: float,
) -> None:
    """In training the mean and the variance depend on every value too."""
    assume(not training or batch * plane[0] * plane[1] > 1)
    x = rng.standard_normal((batch, channels, *plane)) * 2 + 1
    compare([{"type": "batch_norm2d", "epsilon": epsilon}], x, rng, training)


@pytest.mark.parametrize("sources", [["input"] * 2, ["input"] * 3, ["input", "relu"], ["relu"] * 4])
def test_add_reads_the_same_tensor_more_than_once(sources: list[str]) -> None:
    rng = np.random.default_rng(len(sources))
    x = rng.standard_normal((2, 2, 3, 3))
    compare([{"type": "relu"}, {"type": "add", "from": sources}], x, rng)


def test_reshapes() -> None:
    rng = np.random.default_rng(0)
    shapes = ([2, 3, 4], [24], [4, 6, 1], [1, 1, 24])
    entries = [{"type": "reshape", "name": f"r{n}", "shape": s} for n, s in enumerate(shapes)]
    compare(entries, rng.standard_normal((2, 24)), rng)
    compare(entries, rng.standard_normal((2, 3, 2, 4)), rng)


# --- losses -------------------------------------------------------------------------------------


@examples(40)
@given(generators(), st.integers(1, 4), st.integers(2, 6), st.sampled_from([1.0, 30.0]))
def test_softmax_cross_entropy(
    rng: np.random.Generator, batch: int, classes: int, scale: float
) -> None:
    x = rng.standard_normal((batch, classes)) * scale
    numbers = rng.integers(0, classes, batch).astype(np.float64)
    entry = {"type": "reshape", "shape": [classes]}
    compare([entry], x, rng, loss=("softmax_cross_entropy", numbers))
    shares = rng.random((batch, classes))
    shares /= shares.sum(axis=1, keepdims=True)
    compare([entry], x, rng, loss=("softmax_cross_entropy", shares))


@examples(40)
@given(generators(), st.integers(1, 3), st.booleans(), st.booleans())
def test_losses_over_all_outputs(
    rng: np.random.Generator, batch: int, is_binary: bool, is_map: bool
) -> None:
    x = rng.standard_normal((batch, *((2, 3, 2) if is_map else (4,))))
    kind = "binary_cross_entropy" if is_binary else "mean_squared_error"
    target = rng.random(x.shape) if rng.random() < 0.5 else rng.integers(0, 2, x.shape) * 1.0
    compare([{"type": "sigmoid"}], x, rng, loss=(kind, target))


# --- whole networks -----------------------------------------------------------------------------


def some_network(rng: np.random.Generator) -> tuple[list[Entry], int]:
    """A random convolutional network with branches that meet again; (entries, input side)."""
    side = int(rng.integers(7, 10))
    channels = int(rng.integers(1, 4)) * 2
    curves = ["relu", "leaky_relu", "tanh", "sigmoid"]
    activation = str(rng.choice(curves))
    entries: list[Entry] = [
        {
            "type": "conv2d", "name": "stem", "filters": channels, "size": [3, 2],
            "padding": [1, 0, 1, 1], "stride": int(rng.integers(1, 3)),
            "bias": str(rng.choice(["none", "tied", "untied"])),
            "mode": str(rng.choice(["cross_correlation", "convolution"])),
        },
        {"type": activation, "name": "act"},
        {
            "type": "conv2d", "name": "left", "filters": channels, "size": 3, "padding": "same",
            "groups": 2, "from": "act",
        },
        {"type": "batch_norm2d", "name": "norm"},
        {
            "type": "conv2d", "name": "right", "filters": channels, "size": 2, "padding": "same",
            "dilation": int(rng.integers(1, 3)), "from": "act", "bias": "none",
        },
        {"type": "add", "name": "meet", "from": ["norm", "right", "act", "norm"]},
        {"type": str(rng.choice(curves)), "name": "again"},
        {
            "type": str(rng.choice(["max_pool2d", "avg_pool2d"])), "name": "pool", "size": 3,
            "stride": 2, "padding": 1, "ceil_mode": bool(rng.random() < 0.5),
        },
        {"type": "flatten", "name": "flat"},
        {"type": "dropout", "name": "drop", "rate": 0.4},
        {"type": "dense", "name": "hidden", "units": 5},
        {"type": "tanh", "name": "bend"},
        {"type": "dense", "name": "wide", "units": 5, "bias": "none"},
        {"type": "add", "name": "skip", "from": ["hidden", "wide", "bend"]},
        {"type": "dense", "name": "out", "units": 3},
    ]  # fmt: skip
    return entries, side


@examples(40)
@given(generators(), st.integers(1, 3), st.booleans(), st.sampled_from(sorted(losses())))
def test_whole_networks(rng: np.random.Generator, batch: int, training: bool, kind: str) -> None:
    entries, side = some_network(rng)
    target: Array = rng.integers(0, 3, batch) * 1.0
    if kind != "softmax_cross_entropy":
        target = rng.random((batch, 3))
    if kind == "binary_cross_entropy":
        entries.append({"type": "sigmoid", "name": "squeeze"})
    x = rng.standard_normal((batch, 2, side, side))
    compare(entries, x, rng, training, (kind, target))


def test_several_read_the_input() -> None:
    """Three branches from the input itself: their gradients add up in input.dy."""
    rng = np.random.default_rng(3)
    entries: list[Entry] = [
        {"type": "conv2d", "name": "a", "from": "input", "filters": 2, "size": 3, "padding": 1},
        {"type": "conv2d", "name": "b", "from": "input", "filters": 2, "size": 1},
        {"type": "add", "from": ["a", "b", "input", "a"]},
    ]
    compare(entries, rng.standard_normal((2, 2, 4, 5)), rng)
