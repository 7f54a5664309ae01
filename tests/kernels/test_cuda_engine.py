"""The engine of the GPU against the sweeps that define what it computes."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from entries import FLAT, POOL, RELU, Entry, conv, dense
from lanes_nets import Array, batch_of, drawn, iteration
from lanes_nets import reference as by_sweeps
from machine import calls
from running import KINDS
from simulator import CAN_LAUNCH, ROOT, launches, run_in_simulator, without_a_gpu

from cnnsim.errors import CnnsimError
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.reader import parse_scenario, read_scenario

if CAN_LAUNCH:
    from numba import cuda

    from cnnsim.kernels.cuda import choice, device, jit, plan
    from cnnsim.kernels.cuda.engine import CudaEngine
    from cnnsim.kernels.cuda.layout import Kept
    from cnnsim.kernels.cuda.queue import Queue

ADAM = {"optimizer": "adam", "rate": 0.01, "beta_one": 0.8, "weight_decay": 0.01}
NESTEROV = {
    "optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01,
}  # fmt: skip
MOMENTUM = {"optimizer": "sgd", "rate": 0.05, "momentum": 0.8}
PLAIN = {"optimizer": "sgd", "rate": 0.1, "weight_decay": 0.05}
LEAKY, SIGMOID, TANH = {"type": "leaky_relu", "slope": 0.1}, {"type": "sigmoid"}, {"type": "tanh"}

#: What the fast kernels are for, with every choice that they make; input, layers, loss, optimiser.
NETS: dict[str, tuple[tuple[int, ...], list[Entry], str, dict[str, Any]]] = {
    "lenet's pattern": (
        (1, 8, 8),
        [conv(3, 5, 2), RELU, POOL, conv(10, 3), RELU, POOL, FLAT, dense(9), RELU, dense(5)],
        "softmax_cross_entropy", ADAM,
    ),
    "odd sides, no bias": (
        (2, 7, 5),
        [conv(9, 3, 1, bias="none"), LEAKY, POOL, FLAT, dense(6, bias="none"), TANH, dense(3)],
        "mean_squared_error", NESTEROV,
    ),
    "no pool, turned kernels": (
        (2, 5, 6),
        [conv(4, [2, 3], [0, 1, 1, 0], mode="convolution"), SIGMOID, conv(3, 3, 2), TANH, FLAT,
         dense(4)],
        "softmax_cross_entropy", MOMENTUM,
    ),
    "a pool right behind, more padding than kernel": (
        (1, 5, 5),
        [conv(3, 2, 2), POOL, conv(2, 1), FLAT, dense(1), SIGMOID],
        "binary_cross_entropy", PLAIN,
    ),
    "frozen at first": (
        (1, 6, 6),
        [conv(4, 3, frozen=True), RELU, POOL, FLAT, dense(12), SIGMOID, dense(3)],
        "softmax_cross_entropy", PLAIN,
    ),
    "strides and other pools": (
        (2, 7, 7),
        [conv(3, 3, 1, stride=2), RELU, {"type": "avg_pool2d", "size": 2, "stride": 1}, conv(4, 2),
         {"type": "max_pool2d", "size": 2, "stride": 1}, FLAT, dense(3)],
        "softmax_cross_entropy", ADAM,
    ),
    "dense alone, deep enough to be cut": (
        (40,),
        [dense(7), RELU, {"type": "dropout", "rate": 0.3}, dense(6), LEAKY, dense(4)],
        "softmax_cross_entropy", ADAM,
    ),
    "read twice": (
        (1, 4, 4),
        [conv(2, 3, 1, name="a"), {**RELU, "name": "r"}, conv(2, 3, 1, name="b"),
         {"type": "add", "name": "sum", "from": ["r", "b"]}, FLAT, dense(3)],
        "softmax_cross_entropy", PLAIN,
    ),
    "normalised, with masks": (
        (1, 4, 4),
        [conv(2, 3, 1, bias="none"), {"type": "batch_norm2d"}, RELU, POOL, FLAT,
         {"type": "dropout", "rate": 0.25}, dense(3)],
        "softmax_cross_entropy", ADAM,
    ),
    "reshaped": (
        (1, 4, 4),
        [FLAT, dense(18), RELU, {"type": "reshape", "shape": [2, 3, 3]}, conv(3, 2), RELU, FLAT,
         dense(3)],
        "softmax_cross_entropy", MOMENTUM,
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory of the GPU holds anything at first; nothing may count on zeros."""
    if CAN_LAUNCH:
        monkeypatch.setattr(
            "cnnsim.kernels.cuda.engine.cuda.device_array",
            lambda size, kind: cuda.to_device(
                np.full(size, np.nan if np.issubdtype(kind, np.floating) else 1 << 40, kind)
            ),
        )


@without_a_gpu
def test_all_of_these_in_the_simulator() -> None:
    run_in_simulator(__file__)


def check(of: Iteration, x: Array, target: Array, engine: CudaEngine, steps: int = 2) -> None:
    """Losses, parameters, states and the output of `steps` updates with the batch as it is."""
    batch = of.network.batch
    rate = of.optimizer.rate if of.optimizer else 0.0
    rows = np.tile(np.arange(batch), (steps, 1))
    outputs = engine.outputs(x)
    losses = engine.train(x, target, rows, np.full(steps, rate))
    expected, tensors = by_sweeps(of, x, steps)
    np.testing.assert_allclose(losses, expected, rtol=2e-5, atol=1e-6)
    found = engine.tensors()
    for name, updated in of.carried.items():
        before = drawn(of).get(name, np.zeros(1))
        scale = 2e-5 * (np.abs(tensors[updated] - before).max() + 0.1 * np.abs(before).max())
        np.testing.assert_allclose(
            found[name], tensors[updated], rtol=1e-5, atol=scale + 1e-7, err_msg=name
        )
    assert found[COUNTER].tolist() == [steps]
    if not of.network.constants:
        first, values = by_sweeps(of, x)
        np.testing.assert_allclose(outputs, values[of.output], rtol=1e-5, atol=1e-5)
        assert len(first) == 1


def opened(name: str, batch: int) -> tuple[Iteration, Array, Array]:
    """A net of NETS with a batch and its targets."""
    shape, entries, loss, training = NETS[name]
    x, target = batch_of(iteration(shape, entries, loss=loss), loss, batch, 7)
    of = iteration(shape, entries, batch, loss, target.astype(np.float64), **training)
    return of.resized(batch, True), x, target


@launches
@pytest.mark.parametrize("name", NETS)
def test_updates_are_those_of_the_sweeps(name: str) -> None:
    of, x, target = opened(name, 5)
    engine = CudaEngine(of)
    engine.load(drawn(of))
    check(of, x, target, engine)


@launches
def test_what_the_fast_kernels_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """LeNet has none of its own sweeps left, and as many launches as the README says."""
    # As sums are cut on a GPU, not in the simulator.
    for name, value in {"_DEEP": 16, "_BLOCKS": 132, "_SMALL": 32, "_LARGE": 64}.items():
        monkeypatch.setattr(f"cnnsim.kernels.cuda.product.{name}", value)
    of = read_scenario("mnist_lenet").iteration.resized(64, True)
    made = plan.Plan(of, CudaEngine(of)._kept, True)
    names = [item.name for item in made._kernels if isinstance(item, jit.Kernel)]
    assert len(names) == len(made._kernels)
    readme = ROOT.joinpath("README.md").read_text("utf-8")
    said = re.search(r"an update of LeNet is (\d+) launches", readme)
    assert said is not None
    assert len(names) == int(said[1]), names


@launches
@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (59, ""),
        (60, "loss"),
        (182, "dense2 and dense4 and loss"),
        (629, "dense0 and dense2 and dense4 and loss"),
    ],
)
def test_the_end_has_as_many_layers_as_a_block_holds(
    most: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four samples' numbers, three times those that come out, twelve more, and odd rows of weights.

    The batch is more than all blocks take at once, and no multiple of what one takes; what is cut
    into parts is added up where it comes in.
    """
    # As sums are cut in the simulator, on a GPU too.
    for name, value in {"tail.SHARED": most, "tail._BLOCKS": 2, "product._DEEP": 4}.items():
        monkeypatch.setattr(f"cnnsim.kernels.cuda.{name}", value)
    entries = [dense(7), SIGMOID, dense(6, bias="none"), LEAKY, dense(4)]
    loss = "softmax_cross_entropy"
    x, target = batch_of(iteration((40,), entries, loss=loss), loss, 9, 7)
    of = iteration((40,), entries, 9, loss, target.astype(np.float64), **ADAM).resized(9, True)
    engine = CudaEngine(of)
    engine.load(drawn(of))
    check(of, x, target, engine, steps=1)
    made = plan.Plan(of, engine._kept, True)._kernels
    names = [item.name for item in made if isinstance(item, jit.Kernel)]
    assert [name for name in names if name.endswith("loss")] == [expected] * bool(expected)
    assert ("dense0.forward sum" in names) == (most < 182)


@launches
@pytest.mark.parametrize(
    ("shape", "entries"),
    [
        ((6,), [entry for _ in range(40) for entry in (dense(6), RELU)]),
        ((1, 3, 3), [*(entry for _ in range(24) for entry in (conv(2, 3, 1), RELU)), FLAT]),
    ],
    ids=["dense", "convolutions"],
)
def test_many_layers_do_not_call_each_other_too_deep(
    shape: tuple[int, ...], entries: list[Entry]
) -> None:
    """Numba's compiler takes some thirty frames of Python for each call, of a thousand."""
    of = iteration(shape, [*entries, dense(3)], optimizer="adam")
    for item in plan.Plan(of.resized(3, True), Kept(of.resized(1, True)), True)._kernels:
        assert isinstance(item, jit.Kernel)
        assert calls(item.function) <= 12, item.name


def leave_to_the_general_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose no fast kernel for any layer, nor for the update."""
    monkeypatch.setattr(choice, "groups_of", lambda iteration: [])
    monkeypatch.setattr(choice, "has_rule", lambda optimizer: False)


@launches
@pytest.mark.parametrize("is_fast", [True, False], ids=["fast", "general"])
def test_every_kind_of_layer(is_fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_fast:
        leave_to_the_general_kernel(monkeypatch)
    text = KINDS
    text += '[loss]\ntype = "mean_squared_error"\ntarget = [[0, 0, 0, 1], [0, 1, 0, 0]]\n'
    text += '[training]\noptimizer = "sgd"\n'
    scenario = parse_scenario("t", text, settings=["seed=3"]).iteration
    loss = scenario.loss
    assert loss is not None
    x, target = batch_of(scenario, loss.type, 2, 1)
    given = loss.model_copy(update={"target": target.astype(np.float64)})
    of = replace(scenario, loss=given).resized(2, True)
    engine = CudaEngine(of)
    engine.load(drawn(of))
    check(of, x, target, engine, steps=1)


@launches
def test_a_kind_that_the_compiler_refuses_runs_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise KeyError("ufunc")

    monkeypatch.setattr(plan, "general", refuse)
    leave_to_the_general_kernel(monkeypatch)
    of, x, target = opened("strides and other pools", 2)
    engine = CudaEngine(of)
    engine.load(drawn(of))
    check(of, x, target, engine)


@launches
def test_calls_do_not_change_a_bit() -> None:
    """Many steps in one call, one by one, or after saving and loading in between."""
    of, x, classes = opened("normalised, with masks", 3)
    batches, rates = np.arange(3).reshape(3, 1), np.array([0.01, 0.02, 0.03])
    whole, pieces = CudaEngine(of), CudaEngine(of)
    for engine in (whole, pieces):
        engine.load(drawn(of))
    losses = whole.train(x, classes, batches, rates)
    singly = []
    for number in range(3):
        one = slice(number, number + 1)
        singly.append(pieces.train(x, classes, batches[one], rates[one]))
        # An evaluation in between, and another batch size, leave no trace.
        pieces.outputs(x[:1])
        fresh = CudaEngine(of)
        fresh.load(pieces.tensors())
        pieces = fresh
    assert np.concatenate(singly).tobytes() == losses.tobytes()
    for name, tensor in whole.tensors().items():
        assert tensor.tobytes() == pieces.tensors()[name].tobytes(), name


@launches
def test_what_is_beyond_the_ledger_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    of, x, target = opened("frozen at first", 2)
    found = []
    for most in (1024, 2):
        monkeypatch.setattr("cnnsim.kernels.cuda.layout.STEPS", most)
        engine = CudaEngine(of)
        engine.load(drawn(of))
        rows = np.tile(np.arange(2), (5, 1))
        found.append(engine.train(x, target, rows, np.linspace(0.1, 0.2, 5)))
    assert found[0].tobytes() == found[1].tobytes()


@launches
def test_steps_are_replayed_many_at_once_and_the_rest_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cnnsim.kernels.cuda.engine._RECORDED", 2)
    of, x, target = opened("frozen at first", 2)
    engine, recorded = CudaEngine(of), []
    record = engine._queue.record

    def recording(launches: Any, times: int) -> Any:
        recorded.append(times)
        return record(launches, times)

    monkeypatch.setattr(engine._queue, "record", recording)
    rows, rates = np.tile(np.arange(2), (5, 1)), np.full(5, 0.1)
    engine.load(drawn(of))
    losses = engine.train(x, target, rows, rates)
    assert recorded == [2, 1]
    engine.load(drawn(of))
    singly = [engine.train(x, target, rows[:1], rates[:1]) for _ in range(5)]
    assert recorded == [2, 1]
    assert np.concatenate(singly).tobytes() == losses.tobytes()


@launches
def test_what_cannot_be_recorded_is_launched() -> None:
    """Recording ends, or nobody could wait for the GPU any more; and it is told once."""

    class Builder:
        is_building = False

        def begin_building(self) -> None:
            self.is_building = True

        def close(self) -> None:
            self.is_building = False

    builder, told, seen = Builder(), [], []
    queue = Queue(lambda progress: told.append(progress.sweep))
    queue._device = SimpleNamespace(create_graph_builder=lambda: builder)

    def launch(stream: Any) -> None:
        if stream is builder:
            assert builder.is_building
            raise RuntimeError("not while recording")
        seen.append(stream)

    for _ in range(2):
        queue.record([launch], 3)()
        assert not builder.is_building
    assert len(seen) == 6
    assert told == ["kernels to be launched one by one, without a CUDA graph (RuntimeError)"]


# -- memory ----------------------------------------------------------------------------------------


@launches
@pytest.mark.parametrize("how", ["said before", "refused by the driver"])
def test_too_little_memory_leaves_everything_as_it_was(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said before anything is allocated, where it can be known; then less trains on.

    A test of many pictures is made of smaller ones.
    """
    of, x, target = opened("frozen at first", 3)
    engine, twin = CudaEngine(of), CudaEngine(of)
    rows, rates = np.array([[0, 1], [2, 0]]), np.full(2, 0.01)
    for each in (engine, twin):
        each.load(drawn(of))
        each.train(x, target, rows, rates)
    before, size = engine.tensors(), engine._arena.size
    many = np.concatenate([x] * 5)
    engine._on_device("test", many)
    with monkeypatch.context() as patched:
        if how == "said before":
            patched.setattr(device, "memory", lambda: device.Memory(1000.0 - 4 * size, 8e9))
        else:
            made = cuda.device_array
            patched.setattr(
                "cnnsim.kernels.cuda.engine.cuda.device_array",
                lambda count, kind: made(count, kind) if count <= size else _refused(),
            )
        with pytest.raises(CnnsimError, match=r"the GPU has (0\.0 MB|no memory) left") as raised:
            engine.train(x, target, np.zeros((1, 15), np.int64), rates[:1])
        answers = engine.outputs(many)
    assert max(batch for batch, training, _ in engine._ready if not training) < len(many)
    np.testing.assert_allclose(answers, twin.outputs(many), rtol=1e-6)
    assert "training.batch" in raised.value.hint
    for name, tensor in engine.tensors().items():
        assert tensor.tobytes() == before[name].tobytes(), name
    found, expected = (each.train(x, target, rows, rates) for each in (engine, twin))
    assert found.tobytes() == expected.tobytes()


class CudaAPIError(Exception):
    """As numba-cuda's."""

    code = 2


def _refused() -> None:
    raise CudaAPIError("CUDA_ERROR_OUT_OF_MEMORY")
