"""Networks that the tests of the lanes train, and what the reference sweeps make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from entries import FLAT, POOL, RELU, Entry, conv, dense
from hypothesis import assume
from hypothesis import strategies as st
from networks import network, sound

from cnnsim.network.graph import INPUT, Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS, losses
from cnnsim.network.optimizer import optimizers
from cnnsim.stepper.iterations import Iterations

Array = npt.NDArray[Any]

#: Input and layers of the networks that people train here.
NETS: dict[str, tuple[tuple[int, ...], list[Entry]]] = {
    "lenet": (
        (1, 28, 28),
        [conv(6, 5, 2), RELU, POOL, conv(16, 5), RELU, POOL, FLAT, dense(120), RELU, dense(84),
         RELU, dense(10)],
    ),
    "digits": (
        (1, 8, 8),
        [conv(16, 3, 1), RELU, conv(32, 3, 1), RELU, POOL, FLAT, dense(64), RELU, dense(10)],
    ),
    "article": ((1, 8, 8), [conv(4, 3, bias="none"), RELU, POOL, FLAT, dense(10)]),
    "pooled": ((2, 5, 5), [conv(3, 3, 1), RELU, POOL, FLAT, dense(4)]),
    "untied": (
        (2, 6, 5),
        [conv(3, 3, 1, bias="untied"), {"type": "sigmoid"}, conv(5, 3, 1, bias="untied"), RELU,
         FLAT, dense(4)],
    ),
    "untied, frozen": (
        (2, 6, 5),
        [conv(3, 3, 1, bias="untied"), {"type": "sigmoid"},
         conv(5, 3, 1, bias="untied", frozen=True), RELU, FLAT, dense(4)],
    ),
    "frozen": ((1, 8, 8), [conv(4, 3, frozen=True), RELU, POOL, FLAT, dense(10)]),
}  # fmt: skip


def named(entries: list[Entry]) -> list[Entry]:
    """Layers with names of their own."""
    return [{"name": f"{entry['type']}{number}", **entry} for number, entry in enumerate(entries)]


def iteration(
    shape: tuple[int, ...],
    entries: list[Entry],
    batch: int = 1,
    loss: str = "softmax_cross_entropy",
    target: Array | None = None,
    **training: Any,
) -> Iteration:
    """One iteration; without `target` one that nobody computes with."""
    net = sound(network(*named(entries), shape=shape, batch=batch, seed=3))
    if target is None:
        target = np.zeros(batch if loss == "softmax_cross_entropy" else (batch, *output_of(net)))
    keys = training or {"optimizer": "sgd", "rate": 1.0}
    return Iteration(
        net,
        losses()[loss].model_validate({"type": loss, "target": target}),
        optimizer=optimizers()[keys["optimizer"]].model_validate(keys),
    )


def output_of(net: Network) -> tuple[int, ...]:
    """The shape of one sample of the output."""
    return net.places[net.layers[-1].name].output


def drawn(of: Iteration) -> dict[str, Array]:
    """The parameters as they are drawn."""
    return {name: p.draw(3, name) for name, p in of.network.parameters.items()}


def reference(of: Iteration, x: Array, steps: int = 1) -> tuple[list[float], dict[str, Array]]:
    """The losses, and all tensors of the last iteration, as the sweeps define them in float64."""
    leaves = {name: np.asarray(p, np.float64) for name, p in drawn(of).items()}
    leaves |= {name: mask.draw(3, name) for name, mask in of.network.constants.items()}
    leaves |= {INPUT: np.asarray(x, np.float64)} | of.given_tensors
    every = Iterations(of, leaves)
    found = [float(every.at(step)[LOSS]) for step in range(steps)]
    last = every.at(steps - 1)
    return found, {name: last[name] for name in (*of.carried.values(), of.output)}


def _pairs(least: int, most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(least, most), min_size=2, max_size=2)


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[int, ...], list[Entry], str]:
    """Input shape, layers and loss of a network that the lanes take."""
    shape = (draw(st.integers(1, 3)), *draw(_pairs(3, 9)))
    activations = st.sampled_from([*({"type": t} for t in ("relu", "sigmoid", "tanh")),
                                   {"type": "leaky_relu", "slope": 0.1}])  # fmt: skip
    entries: list[Entry] = []
    for number in range(draw(st.integers(1, 3))):
        kernel = draw(_pairs(1, 5))
        entries.append(
            {
                "type": "conv2d",
                "filters": draw(st.sampled_from([1, 2, 3, 4, 5, 6, 16, 18, 33])),
                "size": kernel,
                "padding": [draw(st.integers(0, kernel[side % 2] - 1)) for side in range(4)],
                "stride": draw(_pairs(1, 2)) if number == 0 else 1,
                "bias": draw(st.sampled_from(["none", "tied", "untied"])),
                "mode": draw(st.sampled_from(["cross_correlation", "convolution"])),
            }
        )
        if draw(st.booleans()):
            entries.append(draw(activations))
        kind = draw(st.sampled_from(["none", "halves", "max_pool2d", "avg_pool2d"]))
        if kind == "halves":
            entries.append(POOL)
        elif kind != "none":
            entries.append({"type": kind, "size": draw(_pairs(1, 3)), "stride": draw(_pairs(1, 3))})
        if draw(st.booleans()):
            entries.append(draw(activations))
    entries.append(FLAT)
    for _ in range(draw(st.integers(0, 2))):
        entries += [dense(draw(st.integers(1, 35))), draw(activations)]
    loss = draw(st.sampled_from(["softmax_cross_entropy", "binary_cross_entropy",
                                 "mean_squared_error"]))  # fmt: skip
    if loss == "binary_cross_entropy":
        entries.append({"type": "sigmoid"})
    net = network(*named(entries), shape=shape)
    assume(not net.errors)
    return shape, entries, loss


def batch_of(of: Iteration, loss: str, samples: int, seed: int) -> tuple[Array, Array]:
    """Random samples and targets."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, *of.network.input_shape), dtype=np.float32)
    shape = output_of(of.network)
    if loss == "softmax_cross_entropy":
        return x, rng.integers(0, shape[0], samples)
    if loss == "binary_cross_entropy":
        return x, rng.integers(0, 2, (samples, *shape)).astype(np.float32)
    return x, rng.standard_normal((samples, *shape), dtype=np.float32)
