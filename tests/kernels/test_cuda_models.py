"""Many models at once: what each of them becomes, against the reference sweeps in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from entries import FLAT, POOL, RELU, Entry, conv, dense
from lanes_nets import batch_of, drawn, iteration, output_of, reference
from machine import calls
from simulator import CAN_LAUNCH, launches, run_in_simulator, without_a_gpu

from cnnsim.kernels.cuda.models.operations import Convolution
from cnnsim.kernels.cuda.models.plan import plan_of
from cnnsim.kernels.lanes.chain import Refused
from cnnsim.kernels.lanes.rule import rule_of

if CAN_LAUNCH:
    from cnnsim.kernels.cuda.models import engine as models_engine
    from cnnsim.kernels.cuda.models.engine import ModelsEngine, refuses
    from cnnsim.kernels.cuda.models.step import answering_kernel, training_kernel

Net = tuple[tuple[int, ...], list[Entry]]

#: A pool and none, an even plane and an odd one, borders on some sides, sizes that nothing divides.
TINY: Net = (
    (2, 5, 4),
    [conv(4, 3, 1), RELU, conv(3, 2, [1, 0, 0, 1]), RELU, POOL, FLAT, dense(3), RELU, dense(2)],
)
#: A pool without a ReLU, no biases, a true convolution, an output made of maps.
PLAIN: Net = (
    (1, 4, 5),
    [conv(2, [2, 3], bias="none", mode="convolution"), POOL, conv(3, 1), RELU, FLAT],
)
#: The first layers keep their weights.
FROZEN: Net = (
    (1, 4, 4),
    [conv(2, 3, frozen=True), RELU, conv(2, 2), RELU, FLAT, dense(3, frozen=True), RELU, dense(2)],
)
#: As people train it: a dense layer in global memory, maps spread out in slices.
DIGITS: Net = (
    (1, 8, 8),
    [conv(16, 3, 1), RELU, conv(32, 3, 1), RELU, POOL, FLAT, dense(64), RELU, dense(10)],
)
NETS: dict[str, Net] = {
    "tiny": TINY,
    "plain": PLAIN,
    "frozen": FROZEN,
    "flat": ((4, 1, 1), [FLAT, dense(3), RELU, dense(2, bias="none")]),
}
ADAM = {"optimizer": "adam", "rate": 0.01, "weight_decay": 0.01}


@without_a_gpu
def test_all_of_these_in_the_simulator() -> None:
    run_in_simulator(__file__)


class Side:
    """A network, its data, and an engine of some models that begin with weights of their own."""

    def __init__(
        self, net: Net, batch: int, loss: str, shared: int | None, **training: Any
    ) -> None:
        bare = iteration(*net, batch=batch, loss=loss, **training)
        self.x, self.targets = batch_of(bare, loss, batch, 5)
        self.of = iteration(*net, batch=batch, loss=loss, target=self.targets, **training)
        assert bare.loss is not None
        self.rows = bare.loss.rows(self.targets, output_of(bare.network))
        self.batch, self.shared, self.rate = batch, shared, training["rate"]

    def engine(self, *seeds: int) -> ModelsEngine:
        """An engine with a model for each seed; the first one is as drawn."""
        engine = ModelsEngine(self.of, len(seeds), shared=self.shared)
        engine.load([self.begins(seed) for seed in seeds], 0)
        for what in ("train", "test"):
            engine.give(what, self.x, self.rows)
        return engine

    def begins(self, seed: int) -> dict[str, Any]:
        stream = np.random.default_rng(seed)
        return {
            name: values + 0.1 * seed * stream.standard_normal(values.shape)
            for name, values in drawn(self.of).items()
        }

    def train(self, engine: ModelsEngine, steps: int) -> np.ndarray:
        """Some updates with the whole batch each; the losses."""
        models = engine.models
        return engine.train(
            np.tile(np.arange(self.batch), (models, steps, 1)),
            np.full(steps, self.batch),
            np.full((models, steps), self.rate),
        )()

    def expect(self, engine: ModelsEngine, losses: np.ndarray) -> None:
        """Model 0 is what the sweeps make of it."""
        expected, last = reference(self.of, self.x, losses.shape[1])
        np.testing.assert_allclose(losses[0], expected, rtol=1e-5)
        found = engine.tensors(0)
        for name, after in self.of.carried.items():
            scale = np.abs(last[after]).max()
            np.testing.assert_allclose(found[name], last[after], rtol=1e-4, atol=1e-4 * scale)


@launches
@pytest.mark.parametrize(
    ("name", "loss", "training"),
    [
        ("tiny", "softmax_cross_entropy", ADAM),
        ("tiny", "mean_squared_error", {"optimizer": "sgd", "rate": 0.1, "weight_decay": 0.02}),
        ("plain", "softmax_cross_entropy", {"optimizer": "sgd", "rate": 0.1, "momentum": 0.9}),
        (
            "frozen",
            "softmax_cross_entropy",
            {"optimizer": "sgd", "rate": 0.1, "momentum": 0.9, "nesterov": True},
        ),
        ("flat", "mean_squared_error", ADAM),
    ],
)
def test_updates_are_those_of_the_sweeps(
    name: str, loss: str, training: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    side = Side(NETS[name], 9, loss, None, **training)
    engine = side.engine(0)
    side.expect(engine, side.train(engine, 2))
    answers, tested = engine.test()
    monkeypatch.setattr(models_engine, "_TESTED", 4)
    in_pieces = engine.test()
    assert answers.tobytes() == in_pieces[0].tobytes()
    assert tested.tobytes() == in_pieces[1].tobytes()
    after = side.train(engine, 1)
    np.testing.assert_allclose(tested, after[:, 0], rtol=1e-5)
    assert answers.shape == (1, 9, *output_of(side.of.network))


@launches
def test_little_shared_memory_gives_the_same_model() -> None:
    """Dense layers in global memory, smaller chunks, maps spread out one by one."""
    of = iteration(*TINY, batch=6, **ADAM)
    generous = plan_of(of, 232_448, 16)
    least = 4 * min(plan_of_least(of), generous.floats)
    plan = plan_of(of, least, 16)
    assert plan.chunk < generous.chunk
    assert not all(op.near for op in plan.operations)
    side = Side(TINY, 6, "softmax_cross_entropy", least, **ADAM)
    engine = side.engine(0)
    side.expect(engine, side.train(engine, 2))


def plan_of_least(of: Any) -> int:
    """Floats of the smallest plan that there is."""
    most = 1
    while True:
        try:
            plan_of(of, 4 * most, 16)
        except Refused:
            most += 16
        else:
            return most


@launches
def test_many_layers_do_not_call_each_other_too_deep() -> None:
    """Numba's compiler takes some thirty frames of Python for each call, of a thousand."""
    entries = [entry for _ in range(40) for entry in (dense(6), RELU)]
    of = iteration((6,), [*entries, dense(3)], **ADAM)
    plan = plan_of(of, 232_448)
    for kernel in (training_kernel(plan, rule_of(of.optimizer), 2), answering_kernel(plan, 2)):
        assert calls(kernel.function) <= 12, kernel.name


@launches
def test_the_digits_net_as_people_train_it() -> None:
    side = Side(DIGITS, 3, "softmax_cross_entropy", None, optimizer="sgd", rate=0.5, momentum=0.9)
    engine = side.engine(0)
    assert [op.near for op in plan_of(side.of, 232_448).operations] == [True, True, False, True]
    side.expect(engine, side.train(engine, 1))


@pytest.mark.parametrize("net", [TINY, PLAIN, DIGITS])
def test_no_tile_reads_numbers_of_another_tensor(net: Net) -> None:
    """A kernel gradient goes through rows four columns at once, while others write around it."""
    plan = plan_of(iteration(*net, batch=6, **ADAM), 232_448, 16)
    begins = {plan.scratch, plan.losses}
    convolutions = [op for op in plan.operations if isinstance(op, Convolution)]
    for op in convolutions:
        begins.add(op.x.place - op.top * op.x.row - op.left)
        begins |= {op.dy.place, op.codes // 4} if op.pools else {op.dy.place}
    for op in convolutions:
        rows, columns = op.out_h + op.kernel_h - 1, -(-op.out_w // 4) * 4 + op.kernel_w - 1
        first = op.x.place - op.top * op.x.row - op.left
        last = first + (plan.chunk - 1) * op.x.sample + (op.channels - 1) * op.x.channel
        last += (rows - 1) * op.x.row + columns - 1
        assert not begins & set(range(first + 1, last + 1)), op.layer


@launches
def test_a_model_is_what_it_is_alone() -> None:
    side = Side(TINY, 5, "softmax_cross_entropy", None, **ADAM)
    together = side.engine(0, 1, 2)
    losses = side.train(together, 2)
    for number in range(3):
        alone = side.engine(number)
        assert side.train(alone, 2).tobytes() == losses[number : number + 1].tobytes()
        for name, values in alone.tensors(0).items():
            assert values.tobytes() == together.tensors(number)[name].tobytes(), name


@launches
def test_calls_do_not_change_a_bit() -> None:
    """Two updates in a launch, or in two, or after saving and loading in between."""
    side = Side(TINY, 5, "softmax_cross_entropy", None, **ADAM)
    whole, pieces = side.engine(0), side.engine(0)
    side.train(whole, 2)
    side.train(pieces, 1)
    loaded = side.engine(1)
    loaded.load([pieces.tensors(0)], 1)
    side.train(loaded, 1)
    for name, values in whole.tensors(0).items():
        assert values.tobytes() == loaded.tensors(0)[name].tobytes(), name


@launches
def test_moved_pictures_and_small_batches() -> None:
    """A picture moves as the batches of the CPU move it; what a batch lacks does not count."""
    from cnnsim.training.batches import shifted

    side = Side(TINY, 5, "softmax_cross_entropy", None, **ADAM)
    moves = np.array([[1, 0], [-1, 2], [0, 0], [0, -1], [5, 0]])
    engine = side.engine(0)
    engine.move(moves[np.newaxis])
    losses = engine.train(
        np.array([[[2, 0, 4, 1, 3], [3, 1, 0, 0, 0]]]),
        np.array([5, 2]),
        np.full((1, 2), side.rate),
    )()
    twin = side.engine(0)
    moved = shifted(side.x, moves)
    twin.give("train", moved, side.rows)
    rate = np.full((1, 1), side.rate)
    first = twin.train(np.array([[[2, 0, 4, 1, 3]]]), np.array([5]), rate)()
    second = twin.train(np.array([[[3, 1]]]), np.array([2]), rate)()
    assert losses[0].tolist() == [first[0, 0], second[0, 0]]


@launches
def test_a_model_that_is_dropped_stays_and_the_others_go_on() -> None:
    side = Side(TINY, 4, "softmax_cross_entropy", None, **ADAM)
    engine = side.engine(0, 1)
    engine.keep(np.array([True, True]))
    engine.drop(1)
    losses = side.train(engine, 1)
    assert losses[1, 0] == 0
    engine.keep(np.array([True, True]))
    begun, ended = side.begins(1)["conv2d0.w"], engine.tensors(0)["conv2d0.w"]
    np.testing.assert_array_equal(engine.tensors(1)["conv2d0.w"], np.float32(begun))
    np.testing.assert_array_equal(engine.kept(1)["conv2d0.w"], np.float32(begun))
    np.testing.assert_array_equal(engine.kept(0)["conv2d0.w"], ended)
    assert not np.array_equal(ended, np.float32(side.begins(0)["conv2d0.w"]))


@launches
@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([conv(4, 3, stride=2), FLAT], "stride"),
        ([conv(4, 3), {"type": "sigmoid"}, FLAT], "no ReLU"),
        ([conv(4, 3), {"type": "max_pool2d", "size": 3}, FLAT], "has no kernel"),
        ([conv(4, 9), FLAT], "taps"),
        ([conv(64, 3), RELU, conv(64, 3), FLAT], "bytes of shared memory"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(entries: list[Entry], why: str) -> None:
    assert why in refuses(iteration((1, 28, 28), entries))
