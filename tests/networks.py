"""Networks, scenarios and steppers from entries or from text, and one network of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.network.graph import INPUT, Network, connect
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import kinds
from cnnsim.scenario.reader import parse_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Values

Array = npt.NDArray[Any]


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
    written = {sweep.writes for sweep in net.sweeps}
    leaves = {leaf: values[leaf] for leaf in values if leaf not in written}
    return iteration, Values(iteration.sweeps, leaves | iteration.given_tensors)
