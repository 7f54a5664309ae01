"""Networks, scenarios and random windows for all tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import assume, settings
from hypothesis import strategies as st

from cnnsim.errors import CnnsimError, unprintable
from cnnsim.network.graph import INPUT, Network, connect
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import kinds
from cnnsim.scenario.reader import parse_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Values
from cnnsim.steps.sweep import ADD, FAR, Read, Sweep, product

Array = npt.NDArray[Any]
T = TypeVar("T")


def examples(count: int) -> settings:
    """`count` examples in the ordinary run, twenty times as many in a hunt."""
    return settings(max_examples=count * (20 if os.environ.get("HYPOTHESIS_PROFILE") else 1))


def network(
    *entries: dict[str, Any],
    shape: Sequence[int],
    batch: int = 1,
    training: bool = False,
    seed: int = 0,
) -> Network:
    """The network of `entries`, as they would stand in a file; a missing name is the type's."""
    layers = [
        kinds()[entry["type"]].model_validate({"name": entry["type"], **entry}) for entry in entries
    ]
    return connect(layers, tuple(shape), batch, training, seed)


def sound(net: Network) -> Network:
    """`net`, which must have no shape errors."""
    if net.errors:
        raise net.errors[0]
    return net


def values_of(net: Network, x: Array, **leaves: Array) -> Values:
    """All tensors of `net` for the input `x` (batch first); `leaves` replace drawn ones."""
    found: dict[str, Array] = {INPUT: np.asarray(x, np.float64)}
    for name, parameter in (*sound(net).parameters.items(), *net.constants.items()):
        found[name] = leaves[name] if name in leaves else parameter.draw(net.seed, name)
    return Values(net.sweeps, found)


def forward(net: Network, x: Array) -> Array:
    """The output of the last layer."""
    return values_of(net, x)[f"{net.layers[-1].name}.y"]


def scenario(text: str, **options: Any) -> Scenario:
    """A scenario from TOML; the title may be left out."""
    return parse_scenario("test", text if "title" in text else f'title = "t"\n{text}', **options)


def stepper(text: str, **options: Any) -> Stepper:
    """The same, opened."""
    return Stepper(scenario(text, **options))


def attempt(call: Callable[[], T]) -> T | CnnsimError:
    """What `call` gives, or the error it raises, whose text must be fit for a terminal.

    Anything but a CnnsimError goes through.
    """
    try:
        return call()
    except CnnsimError as error:
        told = error
    assert str(told)
    assert unprintable(str(told)) is None, repr(str(told))
    return told


ALEXNET_LAYERS: tuple[dict[str, Any], ...] = (
    {"type": "conv2d", "name": "conv1", "filters": 96, "size": 11, "stride": 4},
    {"type": "relu", "name": "relu1"},
    {"type": "max_pool2d", "name": "pool1", "size": 3, "stride": 2},
    {"type": "conv2d", "name": "conv2", "filters": 256, "size": 5, "padding": 2},
    {"type": "relu", "name": "relu2"},
    {"type": "max_pool2d", "name": "pool2", "size": 3, "stride": 2},
    {"type": "conv2d", "name": "conv3", "filters": 384, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu3"},
    {"type": "conv2d", "name": "conv4", "filters": 384, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu4"},
    {"type": "conv2d", "name": "conv5", "filters": 256, "size": 3, "padding": 1},
    {"type": "relu", "name": "relu5"},
    {"type": "max_pool2d", "name": "pool5", "size": 3, "stride": 2},
    {"type": "flatten", "name": "flat"},
    {"type": "dense", "name": "fc1", "units": 4096, "inputs": 9216},
    {"type": "relu", "name": "relu6"},
    {"type": "dropout", "name": "drop"},
    {"type": "dense", "name": "fc2", "units": 200},
)


def alexnet(side: int = 227) -> Network:
    """The article's AlexNet, by shapes only; nothing is drawn."""
    return network(*ALEXNET_LAYERS, shape=(3, side, side))


@dataclass(frozen=True)
class Case:
    """One layer with its input and, for a convolution, its numbers."""

    entry: dict[str, Any]
    x: Array
    kernel: Array | None = None
    bias: Array | None = None

    @property
    def net(self) -> Network:
        """The network of this one layer."""
        return network(self.entry, shape=self.x.shape[1:], batch=len(self.x))


def fits(entry: dict[str, Any], x: Array) -> None:
    """Drop the example where the layer's window does not fit into the input."""
    assume(not network(entry, shape=x.shape[1:], batch=len(x)).errors)


def pairs(least: int, most: int) -> st.SearchStrategy[list[int]]:
    """[height, width]."""
    return st.lists(st.integers(least, most), min_size=2, max_size=2)


def generators() -> st.SearchStrategy[np.random.Generator]:
    """Sources of numbers; small whole ones now and then, so that ties happen."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def paddings(*words: str, most: int = 3) -> st.SearchStrategy[Any]:
    """A padding in any of its spellings."""
    return st.one_of(
        st.integers(0, most),
        pairs(0, most),
        st.lists(st.integers(0, most), min_size=4, max_size=4),
        st.sampled_from(words),
    )


@st.composite
def convolutions(draw: st.DrawFn, plane: int = 7) -> Case:
    """A conv2d layer that fits its input."""
    groups, group_in, group_out = (draw(st.integers(1, 3)) for _ in range(3))
    rng = draw(generators())
    x = rng.standard_normal((draw(st.integers(1, 3)), groups * group_in, *draw(pairs(1, plane))))
    kernel = rng.standard_normal((groups * group_out, group_in, *draw(pairs(1, 4))))
    entry: dict[str, Any] = {
        "type": "conv2d",
        "kernel": kernel,
        "stride": draw(st.one_of(st.integers(1, 3), pairs(1, 3))),
        "padding": draw(paddings("valid", "same", "full")),
        "dilation": draw(st.one_of(st.just(1), st.integers(1, 3), pairs(1, 3))),
        "groups": groups,
        "mode": draw(st.sampled_from(["cross_correlation", "convolution"])),
    }
    fits(entry, x)
    kind = draw(st.sampled_from(["none", "scalar", "tied", "untied"]))
    bias = None
    if kind != "none":
        output = network(entry, shape=x.shape[1:]).places["conv2d"].output
        shapes = {"scalar": (), "tied": output[:1], "untied": output}
        bias = np.asarray(rng.standard_normal(shapes[kind]))
        entry["bias"] = bias
    return Case(entry, x, kernel, bias)


@st.composite
def pools(draw: st.DrawFn, kind: str, plane: int = 8) -> Case:
    """A pool that fits its input; half of the inputs are full of ties."""
    rng = draw(generators())
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *draw(pairs(1, plane)))
    x = rng.standard_normal(shape)
    if draw(st.booleans()):
        x = rng.integers(-1, 2, shape).astype(np.float64)
    entry: dict[str, Any] = {
        "type": kind,
        "size": draw(st.one_of(st.integers(1, 4), pairs(1, 4))),
        "padding": draw(st.one_of(st.integers(0, 2), pairs(0, 2))),
        "ceil_mode": draw(st.booleans()),
    }
    stride = draw(st.one_of(st.none(), st.integers(1, 4), pairs(1, 4)))
    if stride is not None:
        entry["stride"] = stride
    if kind == "max_pool2d":
        entry["dilation"] = draw(st.one_of(st.just(1), pairs(1, 2)))
    else:
        entry["count_include_pad"] = draw(st.booleans())
    fits(entry, x)
    return Case(entry, x)


def both(value: Any) -> tuple[int, int]:
    """A number or [height, width] as (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def four_sides(entry: dict[str, Any], plane: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """(top, left, bottom, right) of a convolution's padding, by TensorFlow's rule for ``same``."""
    padding = entry["padding"]
    if padding == "valid":
        return [0, 0, 0, 0]
    if isinstance(padding, int):
        return [padding] * 4
    if isinstance(padding, list):
        return padding * (4 // len(padding))
    before, after = [], []
    for size, taps, stride, dilation in zip(
        plane, kernel, both(entry["stride"]), both(entry["dilation"]), strict=True
    ):
        reach = (taps - 1) * dilation + 1
        if padding == "full":
            before.append(reach - 1)
            after.append(reach - 1)
            continue
        total = max(reach - (size % stride or stride), 0)
        small, large = total // 2, total - total // 2
        turned = entry["mode"] == "convolution"
        before.append(large if turned else small)
        after.append(small if turned else large)
    return [before[0], before[1], after[0], after[1]]


class Geometry(NamedTuple):
    """A convolution's, for its gradients."""

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    left: int


def input_gradient(
    dy: Array, w: Array, x_shape: tuple[int, ...], geometry: Geometry
) -> tuple[Sweep, dict[str, Array]]:
    """The sweep that fills ``conv.dx``: cell [n,c,y,x], tap [o,i,j], holes where nothing fits."""
    sweep = Sweep(
        layer="conv",
        name="input_grad",
        writes="conv.dx",
        cells=x_shape,
        cell_axes=("n", "c", "y", "x"),
        taps=(w.shape[0], *w.shape[2:]),
        tap_axes=("o", "i", "j"),
        reads=(Read("conv.dy", None), Read("conv.w")),
        where=where_input_gradient,
        term=product,
        fold=ADD,
        params=geometry,
    )
    return sweep, {"conv.dy": dy, "conv.w": w}


def where_input_gradient(cell: Any, tap: Any, p: Any) -> tuple[Any, ...]:
    """The output cell whose window covers the pixel with this tap, or far away; and the weight."""
    n, c, y, x = cell
    o, i, j = tap
    row = y + p.top - i * p.dilation_h
    column = x + p.left - j * p.dilation_w
    far = FAR * ((row % p.stride_h != 0) | (column % p.stride_w != 0))
    return (n, o, row // p.stride_h + far, column // p.stride_w), (o, c, i, j)


def kernel_gradient(
    dy: Array, x: Array, w_shape: tuple[int, ...], geometry: Geometry
) -> tuple[Sweep, dict[str, Array]]:
    """The sweep that fills ``conv.dw``: cell [o,c,i,j], tap [n,y,x]."""
    sweep = Sweep(
        layer="conv",
        name="kernel_grad",
        writes="conv.dw",
        cells=w_shape,
        cell_axes=("o", "c", "i", "j"),
        taps=(dy.shape[0], *dy.shape[2:]),
        tap_axes=("n", "y", "x"),
        reads=(Read("input"), Read("conv.dy")),
        where=where_kernel_gradient,
        term=product,
        fold=ADD,
        params=geometry,
    )
    return sweep, {"input": x, "conv.dy": dy}


def where_kernel_gradient(cell: Any, tap: Any, p: Any) -> tuple[Any, ...]:
    """The pixel that the kernel element met at output [n,o,y,x], and that output's gradient."""
    o, c, i, j = cell
    n, y, x = tap
    row = y * p.stride_h + i * p.dilation_h - p.top
    column = x * p.stride_w + j * p.dilation_w - p.left
    return (n, c, row, column), (n, o, y, x)


def same_bits(first: Array, second: Array) -> bool:
    """Equal bit for bit: −0.0 is not 0.0; any NaN is any other."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    nan = np.isnan(first) & np.isnan(second)
    return first.shape == second.shape and bool(
        (nan | (first.view(np.int64) == second.view(np.int64))).all()
    )


@dataclass(frozen=True)
class Oracle:
    """A layer of ``oracles/layers.npz`` with what torch or SciPy says about it."""

    entry: dict[str, Any]
    training: bool
    arrays: dict[str, Array]
    expected: tuple[str, ...]

    @property
    def net(self) -> Network:
        """The network of this one layer."""
        x = self.arrays["x"]
        return network(self.entry, shape=x.shape[1:], batch=len(x), training=self.training)

    def __repr__(self) -> str:
        given = self.entry.items()
        keys = (f"{key}={value}" for key, value in given if not isinstance(value, np.ndarray))
        return " ".join(keys)


def oracles() -> list[Oracle]:
    """Every case of the file that ``oracles/make.py`` writes."""
    with np.load(Path(__file__).parent / "oracles" / "layers.npz") as file:
        arrays = dict(file)
    found = []
    for number, case in enumerate(json.loads(str(arrays["cases"]))):
        mark = f"{number}."
        own = {name[len(mark) :]: a for name, a in arrays.items() if name.startswith(mark)}
        entry = {**case["entry"], **{key: own[key] for key in case["given"]}}
        found.append(Oracle(entry, case["training"], own, tuple(case["expected"])))
    return found


@st.composite
def gradients(draw: st.DrawFn) -> Gradients:
    """A convolution (one group) with an output gradient, and the sweeps of its two gradients."""
    case = draw(convolutions(plane=5).filter(lambda each: each.entry["groups"] == 1))
    assert case.kernel is not None
    entry = {**case.entry, "mode": "cross_correlation", "bias": "none"}
    case = Case(entry, case.x, case.kernel)
    dy = draw(generators()).standard_normal(case.net.places["conv2d"].cells)
    return gradients_of(case, dy)


@dataclass(frozen=True)
class Gradients:
    """The sweeps of a convolution's gradients, with the tensors that they read."""

    case: Case
    dy: Array
    input: Sweep
    kernel: Sweep
    tensors: dict[str, Array]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the tensors."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def gradients_of(case: Case, dy: Array) -> Gradients:
    """The gradients' sweeps of a convolution of one group for the output gradient `dy`."""
    assert case.kernel is not None
    window = case.net.layers[0].field([case.x.shape[1:]])
    assert window is not None
    geometry = Geometry(
        window.stride_h, window.stride_w, window.dilation_h, window.dilation_w,
        window.top, window.left,
    )  # fmt: skip
    into, first = input_gradient(dy, case.kernel, case.x.shape, geometry)
    onto, second = kernel_gradient(dy, case.x, case.kernel.shape, geometry)
    return Gradients(case, dy, into, onto, first | second)


#: One network for each kind of sweep there is: entries, input shape, batch, training.
EVERY_KIND: dict[str, tuple[tuple[dict[str, Any], ...], tuple[int, ...], int, bool]] = {
    "conv, tied": (
        ({"type": "conv2d", "filters": 3, "size": 3, "padding": 1},), (2, 4, 5), 2, False,
    ),
    "conv, untied, turned": (
        ({"type": "conv2d", "filters": 2, "size": 2, "bias": "untied", "mode": "convolution"},),
        (2, 3, 4), 1, False,
    ),
    "conv, groups": (
        ({"type": "conv2d", "filters": 4, "size": [2, 3], "groups": 2, "stride": 2,
          "padding": [0, 1, 2, 0], "dilation": [1, 2], "bias": "none"},),
        (4, 5, 6), 2, False,
    ),
    "conv, groups, turned": (
        ({"type": "conv2d", "filters": 2, "size": 2, "groups": 2, "mode": "convolution"},),
        (2, 3, 3), 1, False,
    ),
    "pools": (
        ({"type": "max_pool2d", "size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
         {"type": "avg_pool2d", "name": "a", "size": 2, "padding": 1},
         {"type": "avg_pool2d", "name": "b", "from": "input", "size": 3, "padding": 1,
          "count_include_pad": False, "ceil_mode": True, "stride": 2}),
        (2, 6, 6), 2, False,
    ),
    "batch norm, evaluation": (
        ({"type": "batch_norm2d", "mean": [1, 2], "variance": [0.5, 3]},), (2, 3, 3), 2, False,
    ),
    "batch norm, training": (({"type": "batch_norm2d"},), (2, 3, 3), 2, True),
    "curves": (
        ({"type": "leaky_relu"}, {"type": "sigmoid"}, {"type": "tanh"}, {"type": "relu"}),
        (2, 2, 3), 2, False,
    ),
    "head": (
        ({"type": "flatten"}, {"type": "dropout"}, {"type": "dense", "units": 4},
         {"type": "reshape", "shape": [2, 1, 2]}, {"type": "softmax", "name": "over_maps"},
         {"type": "reshape", "name": "flat", "shape": [4]}, {"type": "softmax"}),
        (2, 2, 3), 2, True,
    ),
    "dropout, evaluation": (({"type": "dropout"},), (5,), 1, False),
    "dense without bias": (({"type": "dense", "units": 2, "bias": "none"},), (5,), 2, False),
    "reshapes": (
        ({"type": "reshape", "shape": [3, 2, 1]}, {"type": "reshape", "name": "r2",
          "shape": [1, 2, 3]}),
        (6,), 2, False,
    ),
    "adds": (
        ({"type": "relu"}, {"type": "add", "from": ["input", "relu"]},
         {"type": "add", "name": "a3", "from": ["input", "relu", "add"]},
         {"type": "add", "name": "a4", "from": ["input", "relu", "add", "a3"]}),
        (2, 2, 2), 2, False,
    ),
}  # fmt: skip


def every_kind(name: str, seed: int = 0) -> tuple[Network, Values]:
    """A network of `EVERY_KIND` with values; the input holds zeros of both signs and ties."""
    entries, shape, batch, training = EVERY_KIND[name]
    net = sound(network(*entries, shape=shape, batch=batch, training=training, seed=seed))
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((batch, *shape))
    x[rng.random(x.shape) < 0.3] = -0.0
    x[rng.random(x.shape) < 0.2] = 1.0
    return net, values_of(net, x)


def every_pass(name: str, seed: int = 0) -> tuple[Iteration, Values]:
    """The same with the backward pass, for a drawn gradient of every layer's output."""
    net, values = every_kind(name, seed)
    rng = np.random.default_rng(seed + 1)
    given = {layer: rng.standard_normal(place.cells) for layer, place in net.places.items()}
    iteration = Iteration(net, given=given)
    leaves = {leaf: values[leaf] for leaf in values if values.is_leaf(leaf)}
    return iteration, Values(iteration.sweeps, leaves | iteration.given_tensors)
