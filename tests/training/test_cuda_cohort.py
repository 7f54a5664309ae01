"""Many seeds on a GPU: each run is what it is on the CPU, and one that fails is alone in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nets import TINY, bright
from running import Run, write
from simulator import CAN_LAUNCH, launches, run_in_simulator, without_a_gpu

from cnnsim.kernels.choose import engine_like
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.control import Control
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.making import create_run
from cnnsim.training.run import open_run
from cnnsim.training.schedule import Change, rates
from cnnsim.training.session import train_folder

if CAN_LAUNCH:
    from cnnsim.kernels.cuda.models.engine import ModelsEngine
    from cnnsim.training.gpu import train_on_gpu


@without_a_gpu
def test_all_of_these_in_the_simulator() -> None:
    run_in_simulator(__file__)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return bright(tmp_path)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@launches
def test_each_run_is_what_it_is_on_the_cpu(run: Run, net: Path, tmp_path: Path) -> None:
    words = ("train", net, "--seeds", "3,8", "--json")
    together = run(*words, "--device", "cuda", "--out", tmp_path / "cuda")
    assert together.code == 0, together.err
    assert "one after another" not in together.err
    apart = run(*words, "--device", "cpu", "--out", tmp_path / "cpu")
    kinds = [row["kind"] for row in together.objects]
    assert kinds == ["epoch"] * 6 + ["result"] * 2 + ["mean"]
    assert {row["device"] for row in together.objects[6:8]} == {"cuda"}
    fields = {tuple(sorted(row)) for row in apart.objects if row["kind"] == "epoch"}
    assert {tuple(sorted(row)) for row in together.objects[:6]} == fields
    for seed in (3, 8):
        folders = [tmp_path / where / f"net-{seed}" for where in ("cuda", "cpu")]
        for mine, theirs in zip(*map(rows_of, folders), strict=True):
            assert mine.keys() == theirs.keys()
            for key in ("train_loss", "test_loss"):
                assert mine[key] == pytest.approx(theirs[key], rel=1e-4)
            assert mine["test_accuracy"] == theirs["test_accuracy"]
        runs = [open_run(folder) for folder in folders]
        for which in ("last.safetensors", "best.safetensors"):
            (tensors, point), (others, other) = (each.read(which) for each in runs)
            assert (point.iteration, point.epoch) == (other.iteration, other.epoch)
            assert tensors.keys() == others.keys()
            for name, values in tensors.items():
                np.testing.assert_allclose(values, others[name], rtol=1e-3, atol=1e-5)
    again = run(*words, "--device", "cuda", "--out", tmp_path / "cuda", "--resume")
    assert [row["kind"] for row in again.objects] == ["result", "result", "mean"]


@launches
def test_they_get_more_epochs_together(run: Run, tmp_path: Path) -> None:
    net = bright(tmp_path, TINY.replace('schedule = "cosine"\n', ""))
    words = ("train", net, "--seeds", "3,8", "--device", "cuda")
    assert run(*words, "--out", tmp_path / "longer", "--epochs", "1").code == 0
    longer = run(*words, "--out", tmp_path / "longer", "--epochs", "2", "--resume")
    assert longer.code == 0
    assert "one after another" not in longer.err
    assert run(*words, "--out", tmp_path / "at_once", "--epochs", "2").code == 0
    for name in ("net-3", "net-8"):
        files = [
            {path.name: path.read_bytes() for path in (tmp_path / where / name).iterdir()}
            for where in ("longer", "at_once")
        ]
        assert files[0] == files[1]


@launches
def test_an_iteration_is_seen_again_as_it_was(run: Run, net: Path, tmp_path: Path) -> None:
    words = ("train", net, "--seeds", "4,5", "--device", "cuda", "--epochs", "2")
    assert run(*words, "--out", tmp_path).code == 0
    one = open_run(tmp_path / "net-5")
    last, point = one.read()
    engine = engine_like(point.engine, one.iteration, 1)
    assert engine.name == point.engine
    engine.load(one.initial())
    batches = batches_of(one, load(one.scenario))
    for update in range(point.iteration):
        piece = batches.piece(update, 1)
        pace = rates(one.optimizer, update, update + 1, batches.each)
        engine.train(piece.pictures, piece.classes, piece.batches, pace)
    for name, values in engine.tensors().items():
        assert values.tobytes() == last[name].tobytes(), name


@launches
def test_one_that_diverges_is_alone_in_it(
    run: Run, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = ModelsEngine.load

    def with_a_bad_one(self: Any, every: Any, updates: int) -> None:
        bad = {name: np.full_like(values, 3e38) for name, values in every[1].items()}
        load(self, [every[0], bad, every[2]], updates)

    monkeypatch.setattr(ModelsEngine, "load", with_a_bad_one)
    words = ("train", net, "--seeds", "0..2", "--epochs", "1", "--device", "cuda", "--json")
    result = run(*words, "--out", tmp_path)
    assert result.code == 1
    kinds = {row["seed"]: row["kind"] for row in result.objects if row["kind"] not in
             ("epoch", "mean")}  # fmt: skip
    assert kinds == {0: "result", 1: "diverged", 2: "result"}
    assert "net seed 1 diverged" in result.err
    tensors, point = open_run(tmp_path / "net-1").read()
    assert point.iteration == 0
    assert all(np.isfinite(values).all() for values in tensors.values())


@launches
def test_every_epoch_that_was_reported_is_kept(
    net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One diverges in its second epoch, before anything was saved."""
    from cnnsim.training import cohort

    monkeypatch.setattr(cohort, "_PATIENCE", 1e9)
    runs = [
        create_run(tmp_path / f"net-{seed}", read_scenario(str(net)), [f"seed={seed}"])
        for seed in (0, 1)
    ]
    runs[1].add_rate_change(Change(2, 1e38))
    events: list[dict[str, Any]] = []
    train_on_gpu(runs, 1, events.append, lambda: False)
    ends = {event["seed"]: event["kind"] for event in events if "seed" in event}
    assert ends == {0: "result", 1: "diverged"}
    for run in runs:
        reported = [e["epoch"] for e in events if e["kind"] == "epoch" and e["seed"] == run.seed]
        assert [row["epoch"] for row in rows_of(run.folder)] == reported
        assert reported[0] == 1


@launches
def test_stopping_saves_all_and_they_go_on(run: Run, net: Path, tmp_path: Path) -> None:
    words = ("train", net, "--seeds", "0..1", "--device", "cuda", "--epochs", "2", "--json")
    assert run(*words, "--out", tmp_path / "whole").code == 0
    shutil.copytree(tmp_path / "whole", tmp_path / "halves")
    runs = [open_run(tmp_path / "halves" / f"net-{seed}") for seed in (0, 1)]
    for each in runs:
        for name in ("last.safetensors", "best.safetensors"):
            (each.folder / name).unlink()
    events: list[dict[str, Any]] = []
    train_on_gpu(runs, 1, events.append, lambda: any(event["kind"] == "epoch" for event in events))
    ends = [event for event in events if event["kind"] == "stopped"]
    assert [end["iteration"] for end in ends] == [2, 2]
    assert [each.read()[1].iteration for each in runs] == [2, 2]
    resumed = run(*words, "--out", tmp_path / "halves", "--resume")
    assert resumed.code == 0, resumed.err
    for seed in (0, 1):
        for name in ("last.safetensors", "best.safetensors", "metrics.jsonl"):
            whole, halves = (tmp_path / each / f"net-{seed}" / name for each in ("whole", "halves"))
            assert whole.read_bytes() == halves.read_bytes(), name


@launches
@pytest.mark.parametrize("began_together", [True, False])
def test_those_left_over_go_on_as_they_began(
    run: Run, net: Path, tmp_path: Path, began_together: bool
) -> None:
    """One of many goes on by itself, and two that began alone go on together: bit for bit."""
    words = ("train", net, "--device", "cuda", "--epochs", "2")
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    one_by_one = [("--seeds", seed, "--out", f"net-{seed}") for seed in (0, 1)]
    both = [("--seeds", "0..1", "--out", ".")]
    for *seeds, where in both if began_together else one_by_one:
        assert run(*words, *seeds, whole / where).code == 0
    shutil.copytree(whole, halves)
    runs = [open_run(halves / f"net-{seed}") for seed in (0, 1)]
    for each in runs:
        for name in ("last.safetensors", "best.safetensors"):
            (each.folder / name).unlink()
    events: list[dict[str, Any]] = []

    def stop() -> bool:
        return bool(events) and events[-1]["kind"] == "epoch"

    if began_together:
        train_on_gpu(runs, 1, events.append, stop)
    else:
        for each in runs:
            train_folder(each.folder, 1, "cuda", events.append, Control(stop))
    assert [each.read()[1].epoch for each in runs] == [1, 1]
    for *seeds, where in one_by_one if began_together else both:
        resumed = run(*words, *seeds, halves / where, "--resume")
        assert resumed.code == 0, resumed.err
        assert "another engine" not in resumed.err
    for seed in (0, 1):
        for name in ("last.safetensors", "best.safetensors", "metrics.jsonl"):
            files = (each / f"net-{seed}" / name for each in (whole, halves))
            assert len({file.read_bytes() for file in files}) == 1, name


@launches
def test_what_does_not_fit_goes_one_after_another(run: Run, net: Path, tmp_path: Path) -> None:
    other = write(net.with_name("other.toml"), net.read_text().replace('"relu"', '"tanh"'))
    words = ("--seeds", "0..1", "--epochs", "1", "--device", "cuda", "--json")
    result = run("train", other, *words, "--out", tmp_path)
    assert result.code == 0, result.err
    assert "trained one after another, for the activation after conv1 is no ReLU" in result.err
    assert [row["seed"] for row in result.objects if row["kind"] == "result"] == [0, 1]
