"""The general engine against the reference sweeps, and against the article's own arithmetic."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING
from running import KINDS

from cnnsim.kernels.engine import Engine
from cnnsim.kernels.general import GeneralEngine
from cnnsim.network.iteration import Iteration
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.iterations import Iterations
from cnnsim.training.load import load


def iteration_of(text: str, *settings: str) -> Iteration:
    return parse_scenario("t", text, settings=settings).iteration


def started(iteration: Iteration, threads: int = 1) -> GeneralEngine:
    engine = GeneralEngine(iteration, threads)
    network = iteration.network
    engine.load({name: p.draw(network.seed, name) for name, p in network.parameters.items()})
    return engine


def some(iteration: Iteration, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(1)
    pictures = stream.random((count, *iteration.network.input_shape), np.float32)
    return pictures, stream.integers(0, classes, count)


#: Every kind of layer, with momentum that looks ahead.
KINDS_TRAINED = f"""{KINDS}
[loss]
type = "mean_squared_error"
target = [[0, 0, 0, 1], [0, 1, 0, 0]]
[training]
optimizer = "sgd"
momentum = 0.9
nesterov = true
weight_decay = 0.01
"""


@pytest.mark.parametrize(("text", "outputs"), [(EVERYTHING, 3), (KINDS_TRAINED, 4)])
def test_steps_are_those_of_the_stepper(text: str, outputs: int) -> None:
    """Masks, running means and the optimiser's states: the same update, up to float32."""
    iteration = iteration_of(text).resized(5, True)
    engine = started(iteration)
    pictures, classes = some(iteration, 5, outputs)
    network = iteration.network
    leaves: dict[str, Any] = {
        name: parameter.draw(network.seed, name)
        for name, parameter in {**network.parameters, **network.constants}.items()
    }
    assert iteration.loss is not None
    leaves |= {"input": pictures, "loss.target": iteration.loss.rows(classes, (outputs,))}
    leaves |= {name: np.zeros(shape) for name, shape in iteration.states.items()}
    leaves["training.step"] = np.ones(1)
    stepped = Iterations(iteration, leaves)
    batch = np.arange(5)[np.newaxis]
    for number in range(3):
        loss = engine.train(pictures, classes, batch, np.array([0.01]))
        values = stepped.at(number)
        assert loss[0] == pytest.approx(float(values["loss"]), rel=1e-5)
        mine = engine.tensors()
        for leaf, written in iteration.carried.items():
            np.testing.assert_allclose(mine[leaf], values[written], rtol=1e-3, atol=1e-5)
    assert mine["training.step"].tolist() == [3]


class Rate(NamedTuple):
    """The constants of a layer that has a rate of its own."""

    rate: float


def test_the_learning_rate_is_that_of_updates_alone() -> None:
    iteration = iteration_of(EVERYTHING)
    updated = {slot.updated for slot in iteration.slots}
    updated |= {f"{state}_next" for state in iteration.states}
    assert {sweep.writes for sweep in iteration.sweeps if sweep.has_rate} == updated
    for sweep in iteration.sweeps:
        if sweep.has_rate:
            assert sweep.params_at(0.5) == sweep.params._replace(rate=0.5) != sweep.params
        if not sweep.is_update:
            assert replace(sweep, params=Rate(3.0)).params_at(0.5) == Rate(3.0)


@pytest.mark.parametrize("kind", ["mean_squared_error", "binary_cross_entropy"])
def test_a_target_of_one_picture_does_for_a_batch(kind: str) -> None:
    one = iteration_of(f"""
title = "t"
[input]
values = [[[0.5, 0.25]]]
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "sigmoid"
name = "odds"
[loss]
type = "{kind}"
target = [0.0, 1.0]
""")
    asked = one.resized(5, True).given_tensors["loss.target"]
    assert asked.tolist() == [[0.0, 1.0]] * 5


@pytest.mark.parametrize("text", [ARTICLE, EVERYTHING])
def test_threads_do_not_change_a_bit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnsim.kernels.general._SHARED_FROM", 1)
    iteration = iteration_of(text)
    pictures, classes = some(iteration, 40, 3)
    batches = np.arange(40).reshape(4, 10)
    found = []
    for threads in (1, 2, 3):
        engine = started(iteration, threads)
        losses = engine.train(pictures, classes, batches, np.full(4, 0.05))
        found.append((losses, engine.tensors(), engine.outputs(pictures)))
    for losses, tensors, outputs in found[1:]:
        assert losses.tobytes() == found[0][0].tobytes()
        assert outputs.tobytes() == found[0][2].tobytes()
        for name, tensor in tensors.items():
            assert tensor.tobytes() == found[0][1][name].tobytes(), name


def test_calls_do_not_change_a_bit() -> None:
    """Many steps in one call, or one by one, or after saving and loading in between."""
    iteration = iteration_of(EVERYTHING)
    pictures, classes = some(iteration, 40, 3)
    batches, rates = np.arange(40).reshape(4, 10), np.array([0.01, 0.02, 0.03, 0.04])
    whole, pieces = started(iteration), started(iteration)
    whole.train(pictures, classes, batches, rates)
    for number in range(4):
        pieces.train(pictures, classes, batches[number : number + 1], rates[number : number + 1])
        fresh = GeneralEngine(iteration)
        fresh.load(pieces.tensors())
        pieces = fresh
    for name, tensor in whole.tensors().items():
        assert tensor.tobytes() == pieces.tensors()[name].tobytes(), name


@pytest.mark.parametrize(
    "training",
    [
        {"optimizer": "adam", "rate": 0.003, "weight_decay": 0.01},
        {"optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True},
        {"optimizer": "sgd", "rate": 0.05, "momentum": 0.8},
    ],
)
def test_early_losses_against_torch(training: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    settings = [f"training.{key}={str(value).lower()}" for key, value in training.items()]
    iteration = iteration_of(ARTICLE, "layers.conv1.frozen=false", *settings)
    engine = started(iteration)
    pictures, classes = some(iteration, 64, 10)
    begun = engine.tensors()
    conv, dense = torch.nn.Conv2d(1, 4, 3, bias=False), torch.nn.Linear(36, 10)
    with torch.no_grad():
        for parameter, name in (
            (conv.weight, "conv1.w"),
            (dense.weight, "fc.w"),
            (dense.bias, "fc.b"),
        ):
            parameter.copy_(torch.from_numpy(begun[name]))
    keys = {
        "lr": training["rate"],
        **{k: v for k, v in training.items() if k in ("momentum", "nesterov", "weight_decay")},
    }
    make = torch.optim.Adam if training["optimizer"] == "adam" else torch.optim.SGD
    steps = make([*conv.parameters(), *dense.parameters()], **keys)
    x, target = torch.from_numpy(pictures), torch.from_numpy(classes)
    expected = []
    batches = np.arange(64).reshape(4, 16)[np.arange(12) % 4]
    for batch in batches:
        steps.zero_grad()
        maps = torch.nn.functional.max_pool2d(torch.relu(conv(x[batch])), 2)
        loss = torch.nn.functional.cross_entropy(dense(maps.flatten(1)), target[batch])
        loss.backward()
        steps.step()
        expected.append(loss.item())
    found = engine.train(pictures, classes, batches, np.full(12, training["rate"]))
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_batch_is_what_it_is_alone() -> None:
    """Any batch size: the outputs of samples do not depend on their company."""
    iteration = iteration_of(EVERYTHING)
    engine = started(iteration)
    pictures, _ = some(iteration, 7, 3)
    together = engine.outputs(pictures)
    alone = np.concatenate([engine.outputs(pictures[n : n + 1]) for n in range(7)])
    assert together.tobytes() == alone.tobytes()


@pytest.mark.parametrize("text", [ARTICLE, EVERYTHING, KINDS_TRAINED])
def test_every_kind_is_compiled(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*arguments: Any) -> None:
        raise AssertionError("NumPy computes what should be compiled")

    monkeypatch.setattr("cnnsim.kernels.general.fill_vectorised", slowly)
    iteration = iteration_of(text)
    engine = started(iteration)
    pictures, classes = some(iteration, 5, 3)
    engine.train(pictures, classes, np.arange(5)[np.newaxis], np.array([0.01]))
    engine.outputs(pictures)


def test_a_kind_that_cannot_be_compiled_still_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.errors import TypingError

    iteration = iteration_of(ARTICLE)
    pictures, classes = some(iteration, 4, 10)
    batches, rates = np.arange(4)[np.newaxis], np.array([0.1])
    quick = started(iteration)
    losses = quick.train(pictures, classes, batches, rates)

    def refuse(*arguments: Any) -> None:
        raise TypingError("no")

    monkeypatch.setattr("cnnsim.kernels.general.Folder", refuse)
    slow = started(iteration)
    assert slow.train(pictures, classes, batches, rates) == pytest.approx(losses, rel=1e-6)
    np.testing.assert_allclose(slow.tensors()["fc.w"], quick.tensors()["fc.w"], rtol=1e-5)


# -- the article's program ------------------------------------------------------------------------


def article_weights(seed: int) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.RandomState(seed)
    return 0.1 * stream.randn(4, 3, 3), 0.01 * stream.randn(36, 10)


def article_program(seed: int, passes: int) -> np.ndarray:
    """The article's arithmetic in float64, one picture at a time; what it answers."""
    split = load(parse_scenario("t", ARTICLE))
    filters, weights = article_weights(seed)
    bias = np.zeros(10)

    def features(pictures: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(pictures[:, 0], (3, 3), (1, 2))
        maps = np.maximum(np.einsum("nyxij,fij->nfyx", windows, filters), 0)
        return maps.reshape(-1, 4, 3, 2, 3, 2).max(axis=(3, 5)).reshape(-1, 36)

    seen = features(split.train.pictures.astype(np.float64))
    for _ in range(passes):
        for row, right in zip(seen, split.train.classes, strict=True):
            logits = row @ weights + bias
            shares = np.exp(logits - logits.max())
            shares /= shares.sum()
            shares[right] -= 1
            weights = weights - 0.01 * np.outer(row, shares)
            bias = bias - 0.01 * shares
    return features(split.test.pictures.astype(np.float64)) @ weights + bias


def article_engine(engine: Engine, seed: int, passes: int) -> np.ndarray:
    split = load(parse_scenario("t", ARTICLE))
    filters, weights = article_weights(seed)
    engine.load({"conv1.w": filters[:, np.newaxis], "fc.w": weights.T})
    batches = np.arange(len(split.train))[:, np.newaxis]
    for _ in range(passes):
        engine.train(
            split.train.pictures, split.train.classes, batches, np.full(len(batches), 0.01)
        )
    return engine.outputs(split.test.pictures)


def test_the_article_s_arithmetic_over_a_few_passes() -> None:
    engine = GeneralEngine(iteration_of(ARTICLE))
    found, expected = article_engine(engine, 3, 3), article_program(3, 3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("seed", "right"),
    list(enumerate([328, 291, 310, 287, 308])) if os.environ.get("CNNSIM_LONG") else [(1, 291)],
)
def test_the_article_s_accuracy_exactly(seed: int, right: int) -> None:
    """FACTS of the article: 50 passes, frozen filters, 360 test pictures."""
    split = load(parse_scenario("t", ARTICLE))
    outputs = article_engine(GeneralEngine(iteration_of(ARTICLE)), seed, 50)
    assert int((outputs.argmax(axis=1) == split.test.classes).sum()) == right
