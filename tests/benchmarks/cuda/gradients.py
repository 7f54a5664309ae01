"""Gradients of the GPU's engines against PyTorch's in float64.

An update of plain descent at rate 1 says what the gradient was: the weights before, less those
after.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.cuda.nets import DIGITS, STEPS, data
from tests.benchmarks.cuda.row import Row
from tests.benchmarks.lanes import Net, drawn, iteration_of, model_of

#: The largest error of a gradient, as a share of its largest number.
LIMIT = 1e-4
_BATCH = 64


def by_torch(net: Net, begun: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
    """The gradients in float64."""
    import torch

    model = model_of(net).double()
    names = {}
    for number, module in enumerate(model):
        for ours, theirs in (("w", "weight"), ("b", "bias")):
            if getattr(module, theirs, None) is not None:
                name = f"layer{number}.{ours}"
                names[name] = getattr(module, theirs)
                names[name].data = torch.tensor(np.asarray(begun[name], np.float64))
    torch.nn.functional.cross_entropy(model(torch.tensor(x).double()), torch.tensor(y)).backward()
    return {name: parameter.grad.numpy() for name, parameter in names.items()}


def error(begun: dict[str, Any], ended: dict[str, Any], expected: dict[str, Any]) -> float:
    """The largest error of all gradients."""
    worst = 0.0
    for name, gradient in expected.items():
        found = begun[name].astype(np.float64) - ended[name]
        worst = max(worst, float(np.abs(found - gradient).max() / np.abs(gradient).max()))
    return worst


def one_run(net: Net, begun: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
    """The weights after an update of the engine for single runs."""
    from cnnsim.kernels.cuda.engine import CudaEngine

    engine = CudaEngine(iteration_of(net, {"optimizer": "sgd", "rate": 1.0}))
    engine.load(begun)
    engine.train(x, y, np.arange(len(x))[np.newaxis], np.ones(1))
    return engine.tensors()


def one_of_many(net: Net, begun: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
    """The weights of one of several models after an update."""
    from cnnsim.kernels.cuda.models.engine import ModelsEngine

    engine = ModelsEngine(iteration_of(net, {"optimizer": "sgd", "rate": 1.0}), 3)
    engine.load([begun] * 3, 0)
    engine.give("train", x, np.eye(10, dtype=np.float32)[y])
    engine.train(np.tile(np.arange(len(x)), (3, 1, 1)), np.array([len(x)]), np.ones((3, 1)))()
    return engine.tensors(2)


def measure(seconds: float) -> Iterator[Row]:
    """The error of each network."""
    try:
        import torch  # noqa: F401
    except ImportError:
        yield Row("gradients", "all", "not run", "", "", "PyTorch is not installed")
        return
    cases = [(name, net, one_run) for name, net in {**STEPS, "digits_cnn": DIGITS}.items()]
    cases += [("digits_cnn, many models", DIGITS, one_of_many)]
    cases += [("lenet, many models", STEPS["lenet"], one_of_many)]
    for name, net, update in cases:
        begun = {key: np.asarray(v, np.float32) for key, v in
                 drawn(iteration_of(net, {"optimizer": "sgd"}).network).items()}  # fmt: skip
        x, y = data(net, _BATCH)
        found = error(begun, update(net, begun, x, y), by_torch(net, begun, x, y))
        yield Row(
            "gradients", name, f"{found:.1e}", f"at most {LIMIT:.0e}",
            "ok" if found <= LIMIT else "WRONG", "of the largest; torch in float64",
        )  # fmt: skip
