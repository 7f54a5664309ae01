"""Any iteration of a run in the stepper: the weights, the batch and the terms that trained it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING
from running import spawn, strict

from cnnsim.cli import main
from cnnsim.errors import AddressError, UsageError
from cnnsim.kernels.choose import engine_for
from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.control import Control
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.making import create_run
from cnnsim.training.opening import open_scenario
from cnnsim.training.run import Run, open_run
from cnnsim.training.schedule import Change, rates
from cnnsim.training.session import train_folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name, text in (("article", ARTICLE), ("everything", EVERYTHING)):
        create_run(folder / name, parse_scenario(name, text))
        train_folder(folder / name, 1, "cpu", lambda event: None, Control())
        found[name] = open_run(folder / name)
    return found


def weights_after(run: Run, updates: int) -> dict[str, Any]:
    """What an engine has after so many updates from the beginning."""
    engine = engine_for(run.iteration, 1)
    engine.load(run.initial())
    batches = batches_of(run, load(run.scenario))
    for number in range(updates):
        piece = batches.piece(number, 1)
        step = rates(run.optimizer, number, number + 1, batches.each)
        engine.train(piece.pictures, piece.classes, piece.batches, step)
    return engine.tensors()


@pytest.mark.parametrize(
    ("name", "number"), [("article", 100), ("article", 1500), ("everything", 20)]
)
def test_an_iteration_begins_where_training_was(
    runs: dict[str, Run], name: str, number: int
) -> None:
    run = runs[name]
    stepper = Stepper(open_scenario(str(run.folder), at=f"{number}:fc.forward"))
    values = stepper.iterations.at(number)
    expected = weights_after(run, number)
    for tensor in expected:
        if tensor != "training.step":
            assert (values[tensor] == expected[tensor]).all(), tensor
    assert values["training.step"].tolist() == [number + 1]
    # And what it steps through is what training did: the same weights afterwards.
    after = weights_after(run, number + 1)
    for leaf, written in stepper.scenario.iteration.carried.items():
        np.testing.assert_allclose(values[written], after[leaf], rtol=1e-3, atol=2e-6)


def test_every_iteration_has_its_own_rate_and_batch(runs: dict[str, Run]) -> None:
    run = runs["everything"]
    stepper = Stepper(open_scenario(str(run.folder)))
    batches = batches_of(run, load(run.scenario))
    for number in (0, 3, batches.each + 1):
        step = stepper.find(f"{number}:fc.update_w[0,0]")
        rate = rates(run.optimizer, number, number + 1, batches.each)[0]
        assert stepper.sweep(step).params.rate == rate
        piece = batches.piece(number, 1)
        chosen = piece.batches[0]
        assert (stepper.iterations.at(number)["input"] == piece.pictures[chosen]).all()
        assert stepper.read(step).address == f"{number}:fc.update_w[0,0]"


def test_the_small_batch_of_an_epoch_is_opened_by_itself(runs: dict[str, Run]) -> None:
    run = runs["everything"]
    each = batches_of(run, load(run.scenario)).each
    last = each - 1
    stepper = Stepper(open_scenario(str(run.folder)))
    with pytest.raises(UsageError, match=f"iteration {last} has a batch of"):
        stepper.iterations.at(last)
    alone = Stepper(open_scenario(str(run.folder), at=f"{last}:conv1.forward[0,0,0,0]"))
    count = len(load(run.scenario).train) % 32
    assert alone.iterations.at(last)["input"].shape == (count, 1, 8, 8)
    assert np.isfinite(alone.iterations.at(last)["loss"])


def test_what_cannot_be_opened(runs: dict[str, Run], tmp_path: Path) -> None:
    folder = str(runs["article"].folder)
    with pytest.raises(AddressError, match="iteration 2,874 does not exist"):
        open_scenario(folder, at="2874:conv1")
    with pytest.raises(UsageError, match="its keys cannot be changed"):
        open_scenario(folder, ["seed=3"])
    stepper = Stepper(open_scenario(folder))
    with pytest.raises(UsageError):
        stepper.edit("fc.b", (0,), 1.0)


def test_steps_of_a_run_from_the_command_line(runs: dict[str, Run]) -> None:
    address = "120:fc.update_b[3]"
    told = spawn(
        "replay", runs["article"].folder, "--steps", "--from", address, "--to", address, "--json"
    )
    assert told.returncode == 0, told.stderr
    (row,) = [strict(line) for line in told.stdout.splitlines()]
    assert row["address"] == address
    before, after = (weights_after(runs["article"], updates)["fc.b"][3] for updates in (120, 121))
    assert row["left"] == before
    assert row["after"] == pytest.approx(after, rel=1e-6)
    assert row["trained"] == after
    told = spawn("replay", runs["article"].folder, "--steps", "--from", address, "--to", address)
    assert f"trained: {after:.8g} in float32" in told.stdout


def test_a_run_in_which_nothing_is_trained_is_stepped_through(tmp_path: Path) -> None:
    text = ARTICLE.replace('type = "dense"', 'type = "dense"\nfrozen = true')
    create_run(tmp_path / "run", parse_scenario("still", text))
    train_folder(tmp_path / "run", 1, "cpu", lambda event: None, Control())
    stepper = Stepper(open_scenario(str(tmp_path / "run")))
    assert not stepper.scenario.iteration.phases["update"]
    position = stepper.trace.position(stepper.find("0:loss"))
    last = tuple(extent - 1 for extent in stepper.trace.sweep_of(position).taps)
    trained = stepper.trained(position._replace(tap=last))
    assert trained == pytest.approx(float(stepper.values["loss"]), rel=1e-5)


@pytest.mark.parametrize(("name", "number"), [("article", 1500), ("everything", 20)])
def test_what_training_made_of_a_cell_stands_beside_it(
    runs: dict[str, Run], name: str, number: int
) -> None:
    """Updated numbers are the bits of the run, gradients nearly those of the sweeps."""
    run = runs[name]
    stepper = Stepper(open_scenario(str(run.folder), at=f"{number}:fc.forward"))
    values, after = stepper.iterations.at(number), weights_after(run, number + 1)
    iteration = stepper.scenario.iteration
    for leaf, written in iteration.carried.items():
        assert (stepper.iterations.trained(number, written) == after[leaf]).all(), leaf
    for tensor in ("loss", *(slot.gradient for slot in iteration.slots)):
        found = stepper.iterations.trained(number, tensor)
        scale = 1e-4 * np.abs(values[tensor]).max() + 1e-9
        np.testing.assert_allclose(found, values[tensor], rtol=0, atol=scale)
    assert stepper.iterations.trained(number, "fc.y") is None
    position = stepper.trace.position(stepper.find(f"{number}:fc.bias_grad[2]"))
    gradient = stepper.iterations.trained(number, "fc.db")
    assert gradient is not None
    assert stepper.trained(position) == gradient[2]
    # Other weights to begin with, other weights to end with.
    moved = values["fc.b"] + 1
    stepper.feed({"fc.b": moved})
    assert stepper.iterations.has(number)
    found = stepper.iterations.trained(number, iteration.carried["fc.b"])
    assert np.abs(found - moved).max() < np.abs(found - after["fc.b"]).max()
    lesson = Stepper(open_scenario("train_by_hand"))
    assert all(lesson.trained(lesson.trace.position(step)) is None for step in range(4))


def test_every_command_reads_the_batch_of_a_run(
    runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirty-two pictures at once, and no picture of the scenario's own."""
    folder = str(runs["everything"].folder)
    for words in (["validate"], ["gradcheck", "--entries", "1"], ["replay"], ["shapes"]):
        assert main([*words, folder]) == 0, capsys.readouterr().err
    found = runs["everything"]
    opened = open_scenario(folder, at="3:first")
    leaves = opened.leaves()
    assert leaves["input"].shape == (found.optimizer.batch, 1, 8, 8)
    assert np.array_equal(leaves["conv1.w"], weights_after(found, 3)["conv1.w"])


def test_a_rate_that_was_changed_is_that_of_its_iterations(tmp_path: Path) -> None:
    """The weights after training with the change are those that the last iteration leads to."""
    create_run(tmp_path / "run", parse_scenario("article", ARTICLE))
    run = open_run(tmp_path / "run")
    run.add_rate_change(Change(2000, 0.003))
    train_folder(run.folder, 1, "cpu", lambda event: None, Control())
    trained, point = run.read()
    (run.folder / "last.safetensors").unlink()
    (run.folder / "best.safetensors").unlink()
    last = point.iteration - 1
    stepper = Stepper(open_scenario(str(run.folder), at=f"{last}:fc.forward"))
    step = stepper.find(f"{last}:fc.update_w[0,0]")
    assert stepper.sweep(step).params.rate == 0.003
    values = stepper.iterations.at(last)
    for leaf, written in stepper.scenario.iteration.carried.items():
        if leaf in trained:
            np.testing.assert_allclose(values[written], trained[leaf], rtol=1e-3, atol=2e-6)
