"""What the lanes take and give back: whose arrays, in which shapes, and what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from entries import FLAT, RELU, Entry, conv, dense
from lanes_nets import NETS, batch_of, drawn, iteration

from cnnsim.kernels.lanes.engine import LanesEngine


def test_classes_are_targets_of_any_loss() -> None:
    for loss, classes, rows in (
        ("mean_squared_error", [2, 0], [[0, 0, 1], [1, 0, 0]]),
        ("binary_cross_entropy", [1, 0], [[1], [0]]),
    ):
        entries = [FLAT, dense(len(rows[0])), {"type": "sigmoid"}]
        of = iteration((1, 2, 2), entries, loss=loss)
        x, _ = batch_of(of, loss, 2, 3)
        found = []
        for targets in (classes, rows):
            engine = LanesEngine(of, 1)
            engine.load(drawn(of))
            found.append(engine.train(x, np.array(targets), np.array([[0, 1]]), np.ones(1))[0])
        assert found[0] == found[1]


@pytest.mark.parametrize("batch", [1, 20])
def test_samples_that_may_not_be_written_to(batch: int) -> None:
    of = iteration(*NETS["article"])
    x, target = batch_of(of, "softmax_cross_entropy", 20, 3)
    order, rates = np.arange(20).reshape(-1, batch), np.full(20 // batch, 0.1)
    losses = []
    for may_write in (True, False):
        for array in (x, target, order, rates):
            array.flags.writeable = may_write
        engine = LanesEngine(of, 2)
        engine.load(drawn(of))
        losses.append(engine.train(x, target, order, rates).tolist())
        assert np.isfinite(engine.outputs(x)).all()
    assert losses[0] == losses[1]


@pytest.mark.parametrize("batch", [1, 4])
def test_arrays_may_be_given_another_shape_between_calls(batch: int) -> None:
    of = iteration(*NETS["article"])
    x, target = batch_of(of, "softmax_cross_entropy", 24, 3)
    found = []
    for again in (False, True):
        engine, order = LanesEngine(of, 1), np.arange(24).reshape(-1, 12)
        engine.load(drawn(of))
        first = engine.train(x, target, order, np.full(2, 0.1)).tolist()
        if again:
            order = order.copy()
        order.resize((24 // batch, batch), refcheck=False)
        found.append([*first, *engine.train(x, target, order, np.full(len(order), 0.1))])
    assert found[0] == found[1]


def test_targets_may_be_shares() -> None:
    of = iteration(*NETS["article"])
    x, target = batch_of(of, "softmax_cross_entropy", 20, 4)
    for order in (np.arange(20)[None], np.arange(3)[:, None]):
        by_class, by_share = LanesEngine(of, 1), LanesEngine(of, 1)
        for engine, given_ in ((by_class, target), (by_share, np.eye(10)[target])):
            engine.load(drawn(of))
            engine.train(x, given_, order, np.ones(len(order)))
        for name, values in by_class.tensors().items():
            assert (by_share.tensors()[name] == values).all()


def test_wrong_arguments_are_no_crash() -> None:
    of = iteration(*NETS["article"])
    engine = LanesEngine(of, 1)
    engine.load(drawn(of))
    x = np.zeros((2, 1, 8, 8), np.float32)
    for classes in ([0, 10], [-1, 0]):
        with pytest.raises(ValueError, match="classes from 0 to 9"):
            engine.train(x, np.array(classes), np.array([[0, 1]]), np.ones(1))
    right, row, rate = np.array([0, 1]), np.array([[0, 1]]), np.ones(1)
    with pytest.raises(ValueError, match="samples from 0 to 1"):
        engine.train(x, right, np.array([[0, 2]]), rate)
    with pytest.raises(ValueError, match="64 numbers each, not 32"):
        engine.train(x[:, :, :4], right, row, rate)
    with pytest.raises(ValueError, match="64 numbers each, not 32"):
        engine.outputs(x[:, :, :4])
    with pytest.raises(ValueError, match="a target for each sample"):
        engine.train(x, np.array([0]), np.array([[0, 0]]), rate)
    with pytest.raises(ValueError, match="10 numbers for each sample"):
        engine.train(x, np.zeros((2, 3)), row, rate)
    with pytest.raises(ValueError, match="4, 8 or 16"):
        LanesEngine(of, 1, lanes=5)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    "entries",
    [
        [conv(1, 1, bias="none"), FLAT, dense(3)],
        [conv(4, 1, bias="none"), FLAT, dense(3)],
        [conv(1, 4, bias="untied"), FLAT, dense(3)],
        [conv(3, 3), RELU, FLAT, dense(1), {"type": "sigmoid"}],
    ],
    ids=["one number", "one for each map", "one map", "one unit"],
)
def test_tensors_are_copies(entries: list[Entry], batch: int) -> None:
    loss = "binary_cross_entropy" if len(entries) > 3 else "softmax_cross_entropy"
    of = iteration((1, 5, 5), entries, loss=loss, optimizer="sgd", rate=0.1, momentum=0.5)
    x, target = batch_of(of, loss, 9, 1)
    engine = LanesEngine(of, 1)
    engine.load(drawn(of))
    steps = np.arange(batch * 2).reshape(2, batch) % 9
    engine.train(x, target, steps, np.full(2, 0.5))
    held = engine.tensors()
    before = {name: values.copy() for name, values in held.items()}
    engine.train(x, target, steps, np.full(2, 0.5))
    assert all((held[name] == values).all() for name, values in before.items())
    moved = [name for name, values in engine.tensors().items() if (values != before[name]).any()]
    assert set(moved) == set(before)
