"""The networks of the report, what a step of them costs, and what they take in."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.dense import Dense
from tests.benchmarks.lanes import NETS, Net
from tests.entries import FLAT, POOL, RELU, conv, dense

#: The network of the scenario digits_cnn.
DIGITS = Net(
    (1, 8, 8),
    [conv(16, 3, 1), RELU, conv(32, 3, 1), RELU, POOL, FLAT, dense(64), RELU, dense(10)],
    1,
    batch=32,
)
#: Those that are trained step by step, beside PyTorch.
STEPS = {name: NETS[name] for name in ("lenet", "better", "simple_cnn")}
SAMPLES = 4096


def data(net: Net, samples: int = SAMPLES) -> tuple[Any, Any]:
    """Pictures and classes, at random."""
    stream = np.random.default_rng(0)
    x = stream.random((samples, *net.shape), dtype=np.float32)
    return x, stream.integers(0, 10, samples)


def operations(iteration: Any, batch: int) -> float:
    """Additions and multiplications of a step's products: forward, and both gradients.

    The first layer has no input gradient.
    """
    network = iteration.network
    each = []
    for layer in network.layers:
        if isinstance(layer, Conv2d | Dense):
            parameters = layer.parameters(network.places[layer.name].inputs)
            cells = prod(network.places[layer.name].output)
            each.append(cells * prod(parameters["w"].shape[1:]))
    return float(2 * batch * (3 * sum(each) - each[0]))


def traffic(iteration: Any, batch: int) -> float:
    """Bytes that a step moves at least: weights and Adam's numbers, activations twice each way."""
    network = iteration.network
    parameters = sum(p.size for p in network.parameters.values())
    kept = [
        prod(network.places[layer.name].output)
        for layer in network.layers
        if isinstance(layer, Conv2d | Dense)
    ]
    return float(4 * (7 * parameters + 4 * batch * sum(kept)))
