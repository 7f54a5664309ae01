"""Gradients of the GPU's engines against PyTorch's in float64.

After one update the first moment of Adam is its share of the gradient, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from cnnsim.network.kinds.adam import Adam
from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.nets import DIGITS, STEPS, data
from tests.benchmarks.cuda.row import WRONG, Row
from tests.benchmarks.lanes import Net, drawn, iteration_of, model_of

#: The largest error of a gradient, as a share of its largest number.
LIMIT = 1e-4
#: A size whose kernels the steps need too.
_BATCH = 64
_ADAM = {"optimizer": "adam"}


def begun(net: Net) -> dict[str, Any]:
    """Its weights at first."""
    network = iteration_of(net, _ADAM).network
    return {name: np.asarray(tensor, np.float32) for name, tensor in drawn(network).items()}


def by_torch(net: Net) -> dict[str, Any]:
    """The gradients in float64."""
    import torch

    model = model_of(net).double()
    weights, names = begun(net), {}
    x, y = data(net, _BATCH)
    for number, module in enumerate(model):
        for ours, theirs in (("w", "weight"), ("b", "bias")):
            if getattr(module, theirs, None) is not None:
                name = f"layer{number}.{ours}"
                names[name] = getattr(module, theirs)
                names[name].data = torch.tensor(weights[name].astype(np.float64))
    torch.nn.functional.cross_entropy(model(torch.tensor(x).double()), torch.tensor(y)).backward()
    return {name: parameter.grad.numpy() for name, parameter in names.items()}


def of_one(net: Net) -> dict[str, Any]:
    """What the engine for single runs keeps after an update."""
    from cnnsim.kernels.cuda.engine import CudaEngine

    x, y = data(net, _BATCH)
    engine = CudaEngine(iteration_of(net, _ADAM))
    engine.load(begun(net))
    engine.train(x, y, np.arange(_BATCH)[np.newaxis], np.full(1, 1e-3))
    return engine.tensors()


def of_many(net: Net) -> dict[str, Any]:
    """The same of one of several models."""
    from cnnsim.kernels.cuda.models.engine import ModelsEngine

    x, y = data(net, _BATCH)
    engine = ModelsEngine(iteration_of(net, _ADAM), 3)
    engine.load([begun(net)] * 3, 0)
    engine.give("train", x, np.eye(10, dtype=np.float32)[y])
    rows = np.tile(np.arange(_BATCH), (3, 1, 1))
    engine.train(rows, np.array([_BATCH]), np.full((3, 1), 1e-3))()
    return engine.tensors(2)


def error(tensors: dict[str, Any], expected: dict[str, Any]) -> float:
    """The largest error of all gradients, from what an engine keeps."""
    share = 1 - Adam.model_validate(_ADAM).beta_one
    worst = 0.0
    for name, gradient in expected.items():
        found = tensors[f"{name}_moment"].astype(np.float64) / share
        off = np.abs(found - gradient).max() / np.abs(gradient).max()
        # A maximum of Python's would lose a NaN.
        worst = float(np.maximum(worst, off))
    return worst


def measure(allowed: float) -> Iterator[Row]:
    """The error of each network."""
    if find_spec("torch") is None:
        yield Row("gradients", "all", "not run", "", "", "PyTorch is not installed")
        return
    every = [(name, net, of_one) for name, net in {**STEPS, "digits_cnn": DIGITS}.items()]
    every += [("digits_cnn, many models", DIGITS, of_many)]
    every += [("lenet, many models", STEPS["lenet"], of_many)]

    def case(name: str, net: Net, update: Callable[[Net], dict[str, Any]]) -> Iterator[Row]:
        found = error(update(net), by_torch(net))
        yield Row(
            "gradients", name, f"{found:.1e}", f"at most {LIMIT:.0e}",
            "ok" if found <= LIMIT else WRONG, "of the largest; torch in float64",
        )  # fmt: skip

    yield from measured(
        "gradients", allowed, [Case(each[0], partial(case, *each)) for each in every]
    )
