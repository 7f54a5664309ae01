"""Any moment of a run, gone to in any order: bit for bit what training was."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING

from cnnsim.kernels.choose import engine_for
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.pull import pull_on
from cnnsim.stepper.stepper import Stepper
from cnnsim.training import history as module
from cnnsim.training import moment
from cnnsim.training.activations import Activations, specimens
from cnnsim.training.control import Control
from cnnsim.training.evaluate import measure
from cnnsim.training.history import History
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.making import create_run
from cnnsim.training.rerun import Rerun
from cnnsim.training.run import Run, open_run
from cnnsim.training.schedule import rates
from cnnsim.training.session import train_folder


@pytest.fixture(scope="module", params=["article", "everything"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / request.param
    text = {"article": ARTICLE, "everything": EVERYTHING}[request.param]
    create_run(folder, parse_scenario(request.param, text))
    train_folder(folder, 1, "cpu", lambda event: None, Control())
    return open_run(folder)


@pytest.fixture(scope="module")
def course(run: Run) -> tuple[list[dict[str, Any]], list[float]]:
    """The numbers after each update, by the engine itself from the first to the last."""
    engine = engine_for(run.iteration, 1)
    engine.load(run.initial())
    batches = batches_of(run, load(run.scenario))
    numbers, losses = [engine.tensors()], []
    for number in range(run.optimizer.epochs * batches.each):
        piece = batches.piece(number, 1)
        rate = rates(run.optimizer, number, number + 1, batches.each)
        losses += engine.train(piece.pictures, piece.classes, piece.batches, rate).tolist()
        numbers.append(engine.tensors())
    return numbers, losses


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name in expected:
        assert np.array_equal(found[name], expected[name]), name


def places(history: History) -> list[int]:
    """Forwards, backwards, the same again, the ends, around the ends of epochs."""
    total, each = history.total, history.each
    return [7, 5, total, each, each - 1, each + 1, 0, total - 1, total // 2, total // 2, 3]


def test_any_order_leads_to_the_same_bits(
    run: Run, course: tuple[list[dict[str, Any]], list[float]]
) -> None:
    numbers, losses = course
    history = History(run)
    assert history.total == len(losses)
    for number in places(history):
        same(history.tensors(number), numbers[number])
    for number in (0, history.each, history.total - 1):
        before, after, loss = history.step(number)
        same(before, numbers[number])
        same(after, numbers[number + 1])
        assert loss == losses[number]


def test_frames_thin_out_and_stay_true(
    run: Run, course: tuple[list[dict[str, Any]], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, _ = course
    monkeypatch.setattr(module, "_MOST", 8)
    history = History(run)
    while not history.fill(history.total, lambda: True):
        pass
    name = next(iter(run.initial()))
    index = (0,) * run.initial()[name].ndim
    points = list(history.course(name, index))
    assert 4 <= len(points) <= 9
    assert {b - a for (a, _), (b, _) in pairwise(points)} == {history.spacing}
    assert points[-1][0] + history.spacing > history.total
    for number, value in points:
        assert value == numbers[number][name][index]
    for number in places(history):
        same(history.tensors(number), numbers[number])


def test_going_there_can_be_dropped_and_taken_up_again(
    run: Run, course: tuple[list[dict[str, Any]], list[float]]
) -> None:
    numbers, _ = course
    # Only the first update is known: the way is long.
    for which in ("last", "best"):
        (run.folder / f"{which}.safetensors").rename(run.folder / which)
    try:
        history = History(run)

        class Enough(Exception):
            """Somebody asks for something else."""

        def stop(share: float) -> None:
            if share > 0.3:
                raise Enough

        with pytest.raises(Enough):
            history.tensors(history.total, stop)
        same(history.tensors(2), numbers[2])
        same(history.tensors(history.total), numbers[-1])
        assert not History(run).fill(history.total, lambda: False)
        # A damaged checkpoint is as good as none.
        (run.folder / "last.safetensors").write_bytes(b"damaged")
        same(History(run).tensors(history.total), numbers[-1])
    finally:
        for which in ("last", "best"):
            (run.folder / which).rename(run.folder / f"{which}.safetensors")


def test_a_moment_is_what_the_engine_says_then(
    run: Run, course: tuple[list[dict[str, Any]], list[float]]
) -> None:
    numbers, losses = course
    history = History(run)
    split = history.split
    activations = Activations(run, split)
    number = history.each + 3
    found = moment.tested_at(history, number, lambda share: None)
    engine = engine_for(run.iteration, 1)
    engine.load(numbers[number])
    outputs = engine.outputs(split.test.pictures)
    judged = measure(run.scenario, outputs, split.test.classes)
    tested = found["tested"]
    assert tested["confusion"] == judged.confusion(len(split.names)).tolist()
    assert (tested["right"], tested["pictures"]) == (judged.right, len(split.test))
    assert tested["loss"] == judged.loss
    weights = numbers[number]["conv1.w"].mean(axis=1).ravel()
    np.testing.assert_allclose(found["filters"]["values"], weights, rtol=1e-7)
    looked = moment.look_at(history, number, activations, 2, lambda share: None)
    assert looked["batch_loss"] == losses[number]
    # What the last layer puts out is what the engine's outputs are, in other digits.
    last = looked["layers"][-1]
    chosen = outputs[activations.chosen]
    assert last["mean"] == pytest.approx(float(chosen.mean()), rel=1e-4, abs=1e-5)
    assert last["deviation"] == pytest.approx(float(chosen.std()), rel=1e-4)
    relu = next(row for row in looked["layers"] if row["name"] == "relu1")
    assert relu["mean"] >= 0
    assert looked["maps"]["picture"] == activations.chosen[2]
    assert "gradients" not in moment.look_at(
        history, history.total, activations, 0, lambda share: None
    )


@pytest.mark.parametrize("at_once", [100, 5000])
def test_the_end_of_an_epoch_shows_what_the_log_says(
    run: Run, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moment, "_AT_ONCE", at_once)
    history = History(run)
    count = len(history.split.test)
    assert moment.has_many(history) == (at_once < count)
    rows = [row for row in run.metrics() if row["kind"] == "epoch"]
    assert rows
    for row in rows:
        found = moment.tested_at(history, row["epoch"] * history.each, lambda share: None)["tested"]
        assert found["pictures"] == count
        shown = (found["loss"], found["right"] / count)
        assert shown == (row["test_loss"], row["test_accuracy"])


def test_a_glance_names_its_mistakes_as_the_whole_test_does(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moment, "_AT_ONCE", 100)
    history = History(run)
    number = history.each
    glance = moment.glanced_at(history, number, lambda share: None)["tested"]
    assert (glance["pictures"], np.sum(glance["confusion"])) == (100, 100)
    outputs = history.outputs(number, history.split.test.pictures)
    truths = history.split.test.classes
    assert glance["mistakes"]
    for mistake in glance["mistakes"]:
        picture = mistake["picture"]
        assert mistake["class"] == truths[picture]
        assert mistake["guess"] == outputs[picture].argmax() != truths[picture]


def test_a_unit_is_dead_where_it_says_nothing_to_any_picture(run: Run) -> None:
    split = load(run.scenario)
    activations = Activations(run, split)
    tensors = dict(run.initial())
    if any(name.startswith("norm.") for name in tensors):
        pytest.skip("batch norm brings them back to life")
    weights = tensors["conv1.w"].copy()
    # Digits are ink on paper: a filter that is negative throughout lets a ReLU say 0 everywhere.
    weights[1] = -1.0
    weights[3] = -0.5
    tensors["conv1.w"] = weights
    rows = {row["name"]: row for row in activations.look(tensors)["layers"]}
    assert rows["relu1"]["units"] == 4
    assert rows["relu1"]["dead"] >= 2
    tensors["conv1.w"] = np.abs(weights)
    rows = {row["name"]: row for row in activations.look(tensors)["layers"]}
    assert rows["relu1"]["dead"] == 0


def test_specimens_take_the_classes_in_turn(run: Run) -> None:
    split = load(run.scenario)
    classes = split.test.classes[specimens(split)]
    count = len(split.names)
    assert classes[:count].tolist() == list(range(count))
    assert classes[count : 2 * count].tolist() == list(range(count))
    assert len(set(specimens(split).tolist())) == len(classes) == 20
    few = replace(split, test=split.test[np.arange(7)])
    looked = Activations(run, few).look(run.initial())
    assert {row["pictures"] for row in looked["layers"]} == {7}


def test_what_moved_a_weight_adds_up_to_its_update(
    run: Run, course: tuple[list[dict[str, Any]], list[float]]
) -> None:
    numbers, _ = course
    number = 40
    history = History(run)
    stepper = Stepper(Rerun(history, number).scenario)
    pull = pull_on(stepper, number, "fc.w", (2, 5), most=10**6)
    assert pull.before == numbers[number]["fc.w"][2, 5]
    assert pull.after == pytest.approx(float(numbers[number + 1]["fc.w"][2, 5]), rel=1e-5)
    assert sum(term.term or 0.0 for term in pull.terms) == pytest.approx(pull.gradient, rel=1e-9)
    sizes = [abs(term.term or 0.0) for term in pull.terms]
    assert sizes == sorted(sizes, reverse=True)
    assert pull.count == len(pull.terms)
    assert pull.rules[-1].value == pull.after
    for rule in pull.rules:
        assert stepper.sweep(rule.step) == rule.sweep
        assert stepper.read(rule.step).after == rule.value
    for flow in pull.terms:
        assert stepper.address(flow.step) == flow.address
    # The update was made at this rate, by the batch's mean gradient.
    if run.optimizer.optimizer == "sgd":
        assert pull.after == pull.before - run.optimizer.rate * pull.gradient
