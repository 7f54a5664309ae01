"""The lanes say what the reference sweeps say, for any network, batch, width and thread count."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from entries import FLAT, POOL, RELU, Entry, conv, dense
from hypothesis import assume, given
from hypothesis import strategies as st
from lanes_nets import NETS, Array, batch_of, chains, drawn, iteration, reference
from strategies import examples

from cnnsim.kernels.lanes.cpu import host_lanes
from cnnsim.kernels.lanes.engine import LanesEngine, refuses
from cnnsim.network.optimizer import COUNTER

Chain = tuple[tuple[int, ...], list[Entry], str]
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "plain": {"optimizer": "sgd", "rate": 0.1, "weight_decay": 0.05},
    "momentum": {"optimizer": "sgd", "rate": 0.05, "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True,
                 "weight_decay": 0.01},
    "adam": {"optimizer": "adam", "rate": 0.01},
    "adam, decay": {"optimizer": "adam", "rate": 0.01, "beta_one": 0.8, "weight_decay": 0.01},
}  # fmt: skip


def check_step(chain: Chain, batch: int, seed: int, lanes: int, threads: int) -> None:
    """One step of plain descent at rate 1, output, loss and new weights against the sweeps."""
    shape, entries, loss = chain
    x, target = batch_of(iteration(shape, entries, loss=loss), loss, batch + 2, seed)
    chosen = np.random.default_rng(seed).permutation(batch + 2)[:batch]
    of = iteration(shape, entries, batch, loss, target[chosen].astype(np.float64))
    if reason := refuses(of):
        # The only reason among these: a stride above the first layer with parameters.
        assert "stride" in reason
        assume(False)
    engine = LanesEngine(of, threads, lanes)
    engine.load(drawn(of))
    outputs = engine.outputs(x[chosen])
    losses = engine.train(x, target, chosen[None], np.ones(1))
    (expected,), tensors = reference(of, x[chosen])
    np.testing.assert_allclose(outputs, tensors[of.output], rtol=1e-5, atol=1e-5)
    assert losses[0] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    found = engine.tensors()
    for slot in of.slots:
        new, before = tensors[slot.updated], drawn(of)[slot.name]
        scale = 1e-5 * (np.abs(new - before).max() + 0.1 * np.abs(before).max())
        np.testing.assert_allclose(found[slot.name], new, rtol=0, atol=scale)


@examples(60)
@given(chains(), st.integers(2, 37), st.integers(0, 2**32 - 1), st.sampled_from([4, host_lanes()]))
def test_a_step_is_the_sweeps(chain: Chain, batch: int, seed: int, lanes: int) -> None:
    check_step(chain, batch, seed, lanes, threads=1)


@examples(40)
@given(chains(), st.integers(0, 2**32 - 1), st.sampled_from([4, host_lanes()]))
def test_a_single_sample_is_the_sweeps(chain: Chain, seed: int, lanes: int) -> None:
    check_step(chain, 1, seed, lanes, threads=1)


@pytest.mark.parametrize("lanes", [4, 8, 16])
@pytest.mark.parametrize("name", ["lenet", "digits", "frozen", "untied"])
def test_every_width(name: str, lanes: int) -> None:
    check_step((*NETS[name], "softmax_cross_entropy"), 19, 5, lanes, threads=2)


@pytest.mark.parametrize("batch", [1, 5], ids=["singly", "together"])
@pytest.mark.parametrize("name", ["pooled", "untied", "untied, frozen"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_optimizers(kind: str, name: str, batch: int) -> None:
    shape, entries = NETS[name]
    x, target = batch_of(iteration(shape, entries), "softmax_cross_entropy", batch, 1)
    of = iteration(shape, entries, batch, target=target.astype(np.float64), **OPTIMIZERS[kind])
    engine = LanesEngine(of, 1)
    engine.load(drawn(of))
    steps = 6
    order = np.tile(np.arange(batch), (steps, 1))
    losses = engine.train(x, target, order, np.full(steps, OPTIMIZERS[kind]["rate"]))
    expected, tensors = reference(of, x, steps)
    np.testing.assert_allclose(losses, expected, rtol=2e-5, atol=1e-6)
    found = engine.tensors()
    assert found[COUNTER].tolist() == [steps]
    for leaf, tensor in of.carried.items():
        np.testing.assert_allclose(found[leaf], tensors[tensor], rtol=1e-3, atol=2e-5)


def trained(name: str, threads: int, batch: int, **training: Any) -> tuple[Array, dict[str, Array]]:
    """Losses and tensors after some steps."""
    of = iteration(*NETS[name], **(training or {"optimizer": "adam"}))
    engine = LanesEngine(of, threads)
    engine.load(drawn(of))
    x, target = batch_of(of, "softmax_cross_entropy", 70, 2)
    order = np.random.default_rng(0).integers(0, 70, (7, batch))
    return engine.train(x, target, order, np.full(7, 1e-3)), engine.tensors()


@pytest.mark.parametrize("name", ["digits", "untied"])
@pytest.mark.parametrize("batch", [1, 16, 50])
def test_threads_do_not_change_a_bit(batch: int, name: str) -> None:
    losses, tensors = trained(name, 1, batch)
    for threads in (2, 3):
        other, others = trained(name, threads, batch)
        assert (losses == other).all()
        assert all((tensors[name] == others[name]).all() for name in tensors)


@pytest.mark.parametrize("name", ["article", "untied"])
def test_stopping_and_going_on_changes_nothing(name: str) -> None:
    of = iteration(*NETS[name], optimizer="adam")
    x, target = batch_of(of, "softmax_cross_entropy", 40, 2)
    order = np.random.default_rng(0).integers(0, 40, (8, 21))
    rates = np.linspace(1e-2, 1e-3, 8)
    whole, first, second = (LanesEngine(of, 1) for _ in range(3))
    whole.load(drawn(of))
    losses = whole.train(x, target, order, rates)
    first.load(drawn(of))
    begun = first.train(x, target, order[:3], rates[:3])
    first.train(x, target, order[:0], rates[:0])
    second.load(first.tensors())
    # A smaller batch in between must leave nothing behind, nor must a single sample.
    second.outputs(x[:2])
    ended = second.train(x, target, order[3:], rates[3:])
    assert (np.concatenate([begun, ended]) == losses).all()
    for name, values in whole.tensors().items():
        assert (second.tensors()[name] == values).all()


def test_lanes_without_a_sample_do_not_count() -> None:
    """A batch of 3 after one of 32 of very large samples."""
    of = iteration(*NETS["digits"])
    x, target = batch_of(of, "softmax_cross_entropy", 32, 2)
    fresh, used = LanesEngine(of, 1), LanesEngine(of, 1)
    used.load(drawn(of))
    used.train(x * 1e6, target, np.arange(32)[None], np.zeros(1))
    for engine in (fresh, used):
        engine.load(drawn(of))
        engine.train(x, target, np.array([[1, 2, 3]]), np.ones(1))
    for name, values in fresh.tensors().items():
        assert (used.tensors()[name] == values).all(), name


@pytest.mark.parametrize(
    ("net", "still"), [("frozen", "conv2d0.w"), ("untied, frozen", "conv2d2.b")]
)
def test_samples_one_by_one_and_in_batches_by_turns(net: str, still: str) -> None:
    of = iteration(*NETS[net], optimizer="sgd", momentum=0.5)
    x, target = batch_of(of, "softmax_cross_entropy", 32, 2)
    engine = LanesEngine(of, 2)
    engine.load(drawn(of))
    lone = LanesEngine(of, 1)
    for start in range(3):
        before = engine.tensors()
        engine.train(x, target, np.array([[start]]), np.ones(1))
        lone.load(before)
        lone.train(x, target, np.array([[start]]), np.ones(1))
        for name, values in engine.tensors().items():
            assert (lone.tensors()[name] == values).all(), name
        engine.train(x, target, np.arange(20)[None], np.ones(1))
    assert (engine.tensors()[still] == drawn(of)[still]).all()


def test_what_frozen_layers_make_of_samples_is_kept_only_as_long_as_it_is_true() -> None:
    of = iteration(*NETS["frozen"])
    x, target = batch_of(of, "softmax_cross_entropy", 24, 2)
    kept, anew = LanesEngine(of, 1), LanesEngine(of, 1)
    first = drawn(of)
    for tensors in (first, first | {"conv2d0.w": -first["conv2d0.w"]}):
        for engine in (kept, anew):
            engine.load(tensors)
        for order in (np.arange(24)[:, None], np.array([[3], [20], [3]])):
            losses = kept.train(x, target, order, np.ones(len(order)))
            again = anew.train(x.copy(), target, order, np.ones(len(order)))
            assert (losses == again).all()
        for name, values in kept.tensors().items():
            assert (anew.tensors()[name] == values).all(), name


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([conv(4, 3, groups=2), FLAT], "conv2d0 has groups"),
        ([conv(4, 3, dilation=2), FLAT], "conv2d0 is dilated"),
        ([conv(4, 3, 3), FLAT], "conv2d0 has more padding than its kernel reaches over"),
        ([conv(4, 3), conv(4, 3, stride=2), FLAT], "conv2d1 has a stride"),
        ([FLAT, dense(4), {"type": "softmax"}], "softmax2 is of a kind, softmax, that has no"),
        ([FLAT, dense(4, frozen=True)], "every layer is frozen"),
        (
            [FLAT, dense(4), {"type": "add", "from": ["dense1", "dense1"]}],
            "add2 does not read just the layer above it",
        ),
    ],
)
def test_what_is_refused_and_why(entries: list[Entry], reason: str) -> None:
    assert refuses(iteration((2, 9, 9), entries)).startswith(reason)


@pytest.mark.parametrize("batch", [1, 21])
def test_dropout_drops_what_the_sweeps_drop(batch: int) -> None:
    """Maps and features, masks of three steps, and nothing dropped in evaluation."""
    drop: Entry = {"type": "dropout", "rate": 0.4}
    entries = [conv(3, 3, 1), RELU, drop, conv(4, 3), FLAT, drop, dense(5), RELU, drop, dense(3)]
    shape = (2, 5, 4)
    x, target = batch_of(iteration(shape, entries), "softmax_cross_entropy", batch, 1)
    of = iteration(shape, entries, batch, target=target.astype(np.float64))
    evaluated = LanesEngine(of, 1)
    evaluated.load(drawn(of))
    _, tensors = reference(of, x)
    np.testing.assert_allclose(evaluated.outputs(x), tensors[of.output], rtol=1e-5, atol=1e-6)
    training = of.resized(batch, True)
    engines = [LanesEngine(of, 1), LanesEngine(of, 2)]
    for engine in engines:
        engine.load(drawn(of))
        order = np.tile(np.arange(batch), (3, 1))
        losses = engine.train(x, target, order, np.full(3, 1.0))
        expected, tensors = reference(training, x, 3)
        np.testing.assert_allclose(losses, expected, rtol=1e-5)
        for leaf, tensor in training.carried.items():
            np.testing.assert_allclose(engine.tensors()[leaf], tensors[tensor], atol=1e-4)
    first, second = (engine.tensors() for engine in engines)
    assert all((first[name] == second[name]).all() for name in first)


@examples(40)
@given(chains(), st.integers(0, 2**32 - 1), st.sampled_from([4, host_lanes()]))
def test_pictures_have_the_same_bits_alone_and_among_others(
    chain: Chain, seed: int, lanes: int
) -> None:
    """Maps as lanes, or pictures as lanes; one thread, or three that share each picture."""
    shape, entries, loss = chain
    of = iteration(shape, entries, loss=loss)
    assume(not refuses(of))
    x, _ = batch_of(of, loss, lanes + 1, seed)
    small = LanesEngine(of, 1, lanes)
    with patch("cnnsim.kernels.lanes.engine._LARGE", 0):
        one, three = LanesEngine(of, 1, lanes), LanesEngine(of, 3, lanes)
    for engine in (small, one, three):
        engine.load(drawn(of))
    among = one.outputs(x)
    assert np.array_equal(small.outputs(x[:1]), among[:1])
    assert np.array_equal(one.outputs(x[:1]), among[:1])
    assert np.array_equal(three.outputs(x[1:4]), among[1:4])
    # And back: the tensors of the ones lie beside those of the others.
    assert np.array_equal(one.outputs(x), among)


def test_many_samples_are_told() -> None:
    of = iteration(*NETS["article"])
    one, two = LanesEngine(of, 1), LanesEngine(of, 2)
    x, _ = batch_of(of, "softmax_cross_entropy", 1003, 4)
    for engine in (one, two):
        engine.load(drawn(of))
    whole = two.outputs(x)
    assert whole.shape == (1003, 10)
    assert (whole == one.outputs(x)).all()
    assert (whole[7:9] == one.outputs(x[7:9])).all()
    assert one.outputs(x[:0]).shape == (0, 10)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    "pool",
    [POOL, {"type": "max_pool2d", "size": 3, "stride": 2}],
    ids=["within a convolution", "alone"],
)
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 1), (3, 2)])
def test_no_number_is_lost_in_a_max_pool(place: tuple[int, int], pool: Entry, batch: int) -> None:
    """PyTorch's says NaN too."""
    entries = [conv(2, 1), pool, FLAT, dense(2)]
    of = iteration((1, 4, 4), entries)
    x, target = batch_of(of, "softmax_cross_entropy", batch, 1)
    x[:, 0, place[0], place[1]] = np.nan
    engine = LanesEngine(of, 1)
    engine.load(drawn(of))
    is_seen = place[0] < 3 or pool is POOL
    assert np.isnan(engine.outputs(x)).all() == is_seen
    with patch.object(engine, "_is_large", True):
        assert np.isnan(engine.outputs(x)).all() == is_seen
    assert np.isnan(engine.train(x, target, np.arange(batch)[None], np.ones(1))).all() == is_seen
