"""Two hundred updates with each optimiser, number for number as torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import network, sound

from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import losses
from cnnsim.network.optimizer import COUNTER, optimizers
from cnnsim.stepper.iterations import Iterations

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

STEPS = 200
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({"optimizer": "sgd", "rate": 0.05}, {"lr": 0.05}),
    "momentum": (
        {"optimizer": "sgd", "rate": 0.02, "momentum": 0.9},
        {"lr": 0.02, "momentum": 0.9},
    ),
    "nesterov": (
        {"optimizer": "sgd", "rate": 0.02, "momentum": 0.8, "nesterov": True},
        {"lr": 0.02, "momentum": 0.8, "nesterov": True},
    ),
    "adam": ({"optimizer": "adam"}, {}),
    "adam, other numbers": (
        {"optimizer": "adam", "rate": 0.01, "beta_one": 0.8, "beta_two": 0.95, "epsilon": 1e-6},
        {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6},
    ),
}


def trained(keys: dict[str, Any]) -> tuple[Iteration, Iterations]:
    """A small network: an untied convolution, a frozen one, a dense layer."""
    net = sound(
        network(
            {"type": "conv2d", "name": "frozen", "filters": 2, "size": 2, "frozen": True},
            {"type": "conv2d", "name": "conv", "filters": 2, "size": 2, "bias": "untied"},
            {"type": "tanh"},
            {"type": "flatten"},
            {"type": "dense", "name": "out", "units": 3},
            shape=(1, 4, 4),
            batch=2,
            seed=11,
        )
    )
    target = np.array([0.0, 2.0])
    loss = losses()["softmax_cross_entropy"].model_validate(
        {"type": "softmax_cross_entropy", "target": target}
    )
    optimizer = optimizers()[keys["optimizer"]].model_validate(keys)
    iteration = Iteration(net, loss, optimizer=optimizer)
    rng = np.random.default_rng(5)
    leaves: dict[str, Any] = {INPUT: rng.standard_normal((2, 1, 4, 4))}
    for name, parameter in net.parameters.items():
        leaves[name] = parameter.draw(net.seed, name).astype(np.float64)
    return iteration, Iterations(iteration, leaves | iteration.given_tensors)


@pytest.mark.parametrize("decay", [0.0, 0.03], ids=["no decay", "weight decay"])
@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_steps(kind: str, decay: float) -> None:
    ours, theirs = KINDS[kind]
    iteration, iterations = trained({**ours, "weight_decay": decay})
    first = iterations.at(0)
    x = torch.tensor(first[INPUT])
    leaf = {name: torch.tensor(first[name]) for name in iteration.network.parameters}
    learned = {slot.name: leaf[slot.name].requires_grad_(True) for slot in iteration.slots}
    assert set(learned) == {"conv.w", "conv.b", "out.w", "out.b"}
    make = torch.optim.SGD if ours["optimizer"] == "sgd" else torch.optim.Adam
    optimizer = make(learned.values(), weight_decay=decay, **theirs)
    before = []
    for step in range(STEPS):
        values = iterations.at(step)
        optimizer.zero_grad()
        y = torch.nn.functional.conv2d(x, leaf["frozen.w"], leaf["frozen.b"])
        y = torch.nn.functional.conv2d(y, leaf["conv.w"]) + leaf["conv.b"]
        y = torch.tanh(y).flatten(1) @ leaf["out.w"].T + leaf["out.b"]
        loss = torch.nn.functional.cross_entropy(y, torch.tensor([0, 2]))
        loss.backward()
        optimizer.step()
        assert values["loss"] == pytest.approx(loss.item(), rel=1e-9)
        assert values[COUNTER].tolist() == [step + 1]
        for name, tensor in learned.items():
            found, expected = values[f"{name}_next"], tensor.detach().numpy()
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
        before.append(float(values["loss"]))
        assert (values["frozen.w"] == first["frozen.w"]).all()
    assert before[-1] < before[0]


def test_what_plain_descent_does_not_need_is_not_there() -> None:
    plain, _ = trained({"optimizer": "sgd"})
    faster, _ = trained({"optimizer": "sgd", "momentum": 0.9})
    assert not any("velocity" in name for name in plain.shapes)
    assert faster.shapes["conv.w_velocity"] == faster.shapes["conv.w"]
    assert set(plain.carried) == {"conv.w", "conv.b", "out.w", "out.b"}
    assert {name for name in faster.carried if "velocity" in name} == {
        "conv.w_velocity", "conv.b_velocity", "out.w_velocity", "out.b_velocity",
    }  # fmt: skip
    assert plain.bytes_needed < faster.bytes_needed
