"""Runs that get more epochs end as if they had had them from the start, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING, TINY, bright
from running import Run, write
from stopped import after, contents, train

from cnnsim.cli.source import NO_TOUR
from cnnsim.errors import CnnsimError, UsageError
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.files import locked
from cnnsim.training.lengthening import lengthen_runs
from cnnsim.training.making import create_run
from cnnsim.training.rerun import open_rerun
from cnnsim.training.run import open_run
from cnnsim.training.schedule import Change

CONSTANT = EVERYTHING.replace('schedule = "cosine"\n', "")
STEPPED = EVERYTHING.replace('"cosine"', '"step"\nstep_epochs = 1.5\nstep_factor = 0.5')


@pytest.mark.parametrize("text", [ARTICLE, CONSTANT, STEPPED], ids=["sgd", "constant", "step"])
@pytest.mark.parametrize("by", ["folder", "scenario"])
def test_more_epochs_are_the_same_as_all_at_once(
    run: Run, tmp_path: Path, text: str, by: str
) -> None:
    net = write(tmp_path / "net.toml", text)
    at_once, longer = tmp_path / "at_once", tmp_path / "longer"
    assert run("train", net, "--epochs", "5", "--out", at_once).code == 0
    assert run("train", net, "--epochs", "2", "--out", longer).code == 0
    words = [longer] if by == "folder" else [net, "--out", longer]
    result = run("train", *words, "--epochs", "5", "--resume", "--json")
    assert result.code == 0, result.err
    assert [row["epoch"] for row in result.objects if row["kind"] == "epoch"] == [3, 4, 5]
    assert contents(longer) == contents(at_once)


def test_a_run_that_was_stopped_gets_more_too(run: Run, tmp_path: Path) -> None:
    net = write(tmp_path / "net.toml", STEPPED)
    words = ["training.epochs=2", NO_TOUR, "seed=5"]
    create_run(tmp_path / "longer", read_scenario(str(net), words), words)
    assert train(tmp_path / "longer", after(5))[-1]["kind"] == "stopped"
    assert run("train", tmp_path / "longer", "--resume", "--epochs", "3").code == 0
    assert run("train", net, "--epochs", "3", "--out", tmp_path / "at_once").code == 0
    assert contents(tmp_path / "longer") == contents(tmp_path / "at_once")


def test_several_seeds_get_more(run: Run, tmp_path: Path) -> None:
    net = write(tmp_path / "net.toml", CONSTANT)
    words = ["train", net, "--seeds", "1..2", "--out"]
    assert run(*words, tmp_path / "longer", "--epochs", "1").code == 0
    assert run(*words, tmp_path / "longer", "--resume", "--epochs", "4").code == 0
    assert run(*words, tmp_path / "at_once", "--epochs", "4").code == 0
    for name in ("net-1", "net-2"):
        assert contents(tmp_path / "longer" / name) == contents(tmp_path / "at_once" / name)


def test_without_a_number_it_keeps_its_own(run: Run, tmp_path: Path, monkeypatch) -> None:
    """The scenario has ten, which it need not say: whether it or the command does is the same."""
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    net = write(tmp_path / "net.toml", CONSTANT.replace("epochs = 4\n", ""))
    folder = tmp_path / "run"
    words = ["train", net, "--out", folder, "--json"]
    assert run(*words, "--epochs", "1").code == 0
    with unchanged([folder]):
        refused = run(*words, "--resume")
    assert refused.code == 2
    assert "goes to epoch 1, not 10" in refused.err
    hint = f"cnnsim train {folder} --resume goes on with it; --epochs 10 gives it more"
    assert hint in refused.err
    for more in (["--epochs", "10"], [], ["--epochs", "10"], ["--epochs", "12"]):
        result = run(*words, "--resume", *more)
        assert result.code == 0, result.err
        assert result.objects[-1]["epochs"] == int([*more, "10"][1 if more else 0])
    refused = run(*words, "--resume")
    assert "goes to epoch 12, not 10" in refused.err
    assert "gives it more" not in refused.err
    assert run(*words, "--overwrite").code == 0
    assert run(*words, "--resume", "--epochs", "10").code == 0


def test_the_updates_before_are_still_those_that_trained_it(run: Run, tmp_path: Path) -> None:
    net = write(tmp_path / "net.toml", STEPPED)
    folder = tmp_path / "run"
    assert run("train", net, "--epochs", "2", "--out", folder).code == 0
    first = open_rerun(folder, "20:").leaves()
    assert run("train", folder, "--resume", "--epochs", "3").code == 0
    again = open_rerun(folder, "20:").leaves()
    assert all((first[name] == again[name]).all() for name in first)


# -- what is refused changes nothing ---------------------------------------------------------------


@pytest.fixture
def two(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A run of two epochs and one of three, which differ in their seed too."""
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    net = write(tmp_path / "net.toml", ARTICLE)
    for seed, epochs in (("0", "2"), ("1", "3")):
        folder = tmp_path / "runs" / f"net-{seed}"
        words = ["--seeds", seed, "--epochs", epochs, "--out", folder]
        assert run("train", net, *words).code == 0
    return [tmp_path / "runs" / name for name in ("net-0", "net-1")]


@contextmanager
def unchanged(folders: list[Path]) -> Iterator[None]:
    before = [contents(folder) for folder in folders]
    yield
    assert [contents(folder) for folder in folders] == before


@pytest.mark.parametrize("epochs", ["2", "1000001"])
@pytest.mark.parametrize("by", ["folder", "scenario"])
def test_where_one_cannot_have_them_none_gets_them(
    run: Run, two: list[Path], epochs: str, by: str
) -> None:
    named = [two[0].parent.parent / "net.toml", "--seeds", "0..1", "--out", two[0].parent]
    with unchanged(two):
        refused = run("train", *(two if by == "folder" else named), "--resume", "--epochs", epochs)
    assert refused.code == 2
    several = "net-1 goes to epoch 3: it can be made longer, not shorter"
    limit = "--epochs should be 1,000,000 or less, not 1000001"
    assert (several if epochs == "2" else limit) in refused.err
    assert epochs != "2" or f"cnnsim train {two[1]} --resume goes on with it" in refused.err


def test_where_one_cannot_have_them_no_new_ones_are_made(run: Run, two: list[Path]) -> None:
    words = [two[0].parent.parent / "net.toml", "--seeds", "0..3", "--out", two[0].parent]
    with unchanged(two):
        assert run("train", *words, "--resume", "--epochs", "2").code == 2
    assert sorted(two[0].parent.iterdir()) == two
    result = run("train", *words, "--resume", "--epochs", "3", "--json")
    ended = [row["seed"] for row in result.objects if row["kind"] == "result"]
    assert sorted(ended) == [0, 1, 2, 3]


def test_a_rate_that_falls_to_the_end_does_not_fall_again(run: Run, tmp_path: Path) -> None:
    net = write(tmp_path / "net.toml", EVERYTHING)
    folder = tmp_path / "run"
    assert run("train", net, "--out", folder).code == 0
    with unchanged([folder]), pytest.raises(UsageError, match="a cosine that ends with epoch 4"):
        lengthen_runs([open_run(folder)], [5])


def test_one_that_differs_otherwise_is_another_one(run: Run, two: list[Path]) -> None:
    net = two[0].parent.parent / "net.toml"
    words = ["--resume", "--epochs", "3", "--set", "training.rate=0.5"]
    with unchanged(two):
        refused = run("train", net, "--out", two[0], *words)
    assert refused.code == 2
    assert "is another one: its training.rate is 0.01, not 0.5" in refused.err


@pytest.mark.parametrize("which", [0, 1])
def test_one_that_is_being_trained_stays_as_it_is(run: Run, two: list[Path], which: int) -> None:
    pytest.importorskip("fcntl", reason="Windows has no such locks")
    with unchanged(two), locked(two[which] / "scenario.toml"):
        refused = run("train", *two, "--resume", "--epochs", "4")
    assert refused.code == 1
    assert f"{two[which]} is being trained by another process" in refused.err


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def garbage(path: Path) -> None:
    path.write_text("garbage\n")


def no_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


def shorter(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(True)[:-1]))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("last.safetensors", cut),
        ("last.safetensors", no_file),
        ("metrics.jsonl", garbage),
        ("metrics.jsonl", shorter),
        ("rates.jsonl", garbage),
    ],
)
def test_one_that_could_not_go_on_stays_as_it_is(
    run: Run, two: list[Path], name: str, damage: Callable[[Path], None]
) -> None:
    damage(two[1] / name)
    before = [(folder / "scenario.toml").read_bytes() for folder in two]
    refused = run("train", *two, "--resume", "--epochs", "4")
    assert refused.code == 2
    assert name in refused.err
    assert [(folder / "scenario.toml").read_bytes() for folder in two] == before


def test_other_pictures_are_noticed_before(run: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    net = bright(tmp_path, TINY.replace('schedule = "cosine"\n', ""))
    folder = tmp_path / "run"
    assert run("train", net, "--out", folder).code == 0
    with np.load(tmp_path / "pictures.npz") as pictures:
        np.savez(tmp_path / "pictures.npz", **{**pictures, "x_train": 1 - pictures["x_train"]})
    with unchanged([folder]):
        refused = run("train", folder, "--resume", "--epochs", "5")
    assert refused.code == 2
    assert "have changed since it began" in refused.err


def test_a_disk_without_room_for_them_is_noticed_before(
    run: Run, two: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(two[0])
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=1_000_000))
    with unchanged(two):
        refused = run("train", *two, "--resume", "--epochs", "20000")
    assert refused.code == 1
    assert "the disk has 1.0 MB left" in refused.err


@pytest.mark.parametrize("fails", [0, 1])
def test_a_disk_that_fills_meanwhile_changes_none(
    two: list[Path], monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    left = [fails]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        unchanged(two),
        pytest.raises(CnnsimError, match=f"{two[fails].name}: No space left on device"),
    ):
        lengthen_runs([open_run(folder) for folder in two], [4, 4])


def test_who_waits_for_a_file_that_is_replaced_holds_the_new_one(
    two: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows has no such locks")
    path = two[0] / "scenario.toml"
    lock = fcntl.flock

    def late(*words: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        lengthen_runs([open_run(two[0])], [4])
        lock(*words)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(path):
        assert open_run(two[0]).optimizer.epochs == 4
        with pytest.raises(CnnsimError, match="another process"), locked(path):
            pass


def test_a_run_that_has_changed_since_it_was_opened_is_not_gone_on_with(two: list[Path]) -> None:
    stale = open_run(two[0])
    lengthen_runs([open_run(two[0])], [4])
    with unchanged(two), pytest.raises(CnnsimError, match="has just been changed"):
        lengthen_runs([stale], [5])
    with pytest.raises(CnnsimError, match="has just been changed"), stale.held():
        pass
    (two[0] / "scenario.toml").unlink()
    with pytest.raises(CnnsimError, match="cannot be held: No such file"), stale.held():
        pass


def test_an_epoch_without_a_loss_on_the_test_pictures_is_not_the_best(
    run: Run, two: list[Path]
) -> None:
    """Whether the process is a new one makes no difference to which epoch is kept."""
    best, metrics = two[0] / "best.safetensors", two[0] / "metrics.jsonl"
    best.unlink()
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    lost = [{**row, "test_loss": None, "test_accuracy": 1.0} for row in rows]
    metrics.write_text("".join(json.dumps(row) + "\n" for row in lost))
    (result,) = run("train", two[0], "--resume", "--json").objects
    assert result["best_test_accuracy"] is None
    assert "–" in run("train", two[0], "--resume").out
    longer = run("train", two[0], "--resume", "--epochs", "3", "--json")
    assert open_run(two[0]).read("best.safetensors")[1].epoch == 3
    *_, last, result = longer.objects
    assert result["best_test_accuracy"] == last["test_accuracy"] < 1


def test_rates_that_were_changed_stay_those_of_their_updates(run: Run, two: list[Path]) -> None:
    """Half the rate from update 100 on, in all three epochs, however they were trained."""
    at_once = two[0].parent / "at_once"
    for folder, epochs in ((two[0], "3"), (at_once, "3")):
        words = ["training.epochs=2" if folder == two[0] else "training.epochs=3"]
        net = read_scenario(str(two[0].parent.parent / "net.toml"), words)
        create_run(folder, net, [*words, NO_TOUR, "seed=0"], anew=True)
        open_run(folder).add_rate_change(Change(100, 0.005))
        assert run("train", folder, "--resume").code == 0
        assert run("train", folder, "--resume", "--epochs", epochs).code == 0
    assert contents(two[0]) == contents(at_once)
