"""Runs: stopped, killed and continued, they end as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nets import ARTICLE, EVERYTHING
from running import command, write
from stopped import after, contents, make, train

from cnnsim.cli import main
from cnnsim.errors import CnnsimError, UsageError
from cnnsim.kernels.choose import Device, engine_for
from cnnsim.scenario.reader import read_scenario
from cnnsim.training import files, fleet, loop
from cnnsim.training.control import Control
from cnnsim.training.fleet import Fleet
from cnnsim.training.load import load
from cnnsim.training.loop import Outcome, Training
from cnnsim.training.making import create_run
from cnnsim.training.run import best_accuracy, is_better, open_run
from cnnsim.training.runfolder import BEST
from cnnsim.training.session import train_folder


@pytest.mark.parametrize("text", [ARTICLE, EVERYTHING])
def test_a_run_that_was_stopped_again_and_again_is_the_same(tmp_path: Path, text: str) -> None:
    whole = make(tmp_path / "whole", text)
    ended = train(whole)[-1]
    assert ended["kind"] == "result"
    pieces = make(tmp_path / "pieces", text)
    stream = random.Random(7)
    for _ in range(40):
        last = train(pieces, after(stream.randrange(4)))[-1]
        if last["kind"] == "result":
            break
        assert last["kind"] == "stopped"
    else:
        last = train(pieces)[-1]
    assert contents(pieces) == contents(whole)
    assert last["test_accuracy"] == ended["test_accuracy"]
    assert set(contents(whole)) == {
        "scenario.toml",
        "metrics.jsonl",
        "last.safetensors",
        "best.safetensors",
    }


def test_metrics_after_the_checkpoint_are_measured_again(tmp_path: Path) -> None:
    whole, torn = make(tmp_path / "whole", ARTICLE), make(tmp_path / "torn", ARTICLE)
    train(whole)
    train(torn, after(6))
    with (torn / "metrics.jsonl").open("a") as stream:
        stream.write((whole / "metrics.jsonl").read_text().partition("\n")[0] + '\n{"kind": "ep')
    (torn / ".last.safetensors.new").write_bytes(b"cut off")
    train(torn)
    (torn / ".last.safetensors.new").unlink(missing_ok=True)
    assert contents(torn) == contents(whole)


def test_runs_that_nobody_got_to_are_told(tmp_path: Path) -> None:
    """Of four, one at a time: at work, finished before, damaged, not begun."""
    long = make(tmp_path / "long", ARTICLE, "training.epochs=20_000")
    done, broken, new = (make(tmp_path / name, ARTICLE) for name in ("done", "broken", "new"))
    first = train(done)[-1]
    (broken / "scenario.toml").write_text("title = 3")
    events: list[dict[str, Any]] = []
    four = Fleet([long, done, broken, new], 1, 1, "cpu")
    four.go(events.append, lambda: any(event["kind"] == "progress" for event in events))
    ends = {event["run"]: event for event in events if event["kind"] not in ("progress", "epoch")}
    kinds = [ends[str(folder)]["kind"] for folder in (long, done, broken, new)]
    assert kinds == ["stopped", "result", "error", "stopped"]
    assert ends[str(done)] | {"seconds": 0} == first | {"seconds": 0}
    assert ends[str(long)]["iteration"] == open_run(long).read()[1].iteration > 0
    rest = ends[str(new)]
    assert rest.keys() == ends[str(long)].keys()
    assert (rest["scenario"], rest["seed"], rest["epoch"], rest["iteration"]) == ("net", 0, 1, 0)


@pytest.mark.parametrize(("device", "processes"), [("cpu", 1), ("cuda", 3)])
def test_what_fails_on_a_gpu_leaves_the_next_run_a_new_process(
    device: Device, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some errors a GPU refuses everything that the same process asks of it."""
    folders = [make(tmp_path / name, ARTICLE) for name in "abc"]
    for folder in folders:
        (folder / "scenario.toml").write_text("title = 3")
    started = []
    begin = fleet._Worker.__init__
    monkeypatch.setattr(
        fleet._Worker, "__init__", lambda self, events: (started.append(0), begin(self, events))[1]
    )
    events: list[dict[str, Any]] = []
    Fleet(folders, 1, 1, device).go(events.append, lambda: False)
    assert [event["run"] for event in events if event["kind"] == "error"] == list(map(str, folders))
    assert len(started) == processes


def test_a_finished_run_only_says_its_result(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    first = train(folder)[-1]
    before = contents(folder)
    again = train(folder)
    assert [event["kind"] for event in again] == ["result"]
    assert again[0] | {"seconds": 0} == first | {"seconds": 0}
    assert contents(folder) == before


def test_another_scenario_does_not_continue_a_run(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    with pytest.raises(UsageError, match=r"its training.rate is 0.01, not 0.02"):
        make(folder, ARTICLE, "training.rate=0.02")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other files"):
        make(tmp_path / "full", ARTICLE)


def test_other_pictures_do_not_continue_a_run(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    train(folder, after(3))
    scenario = read_scenario(str(folder / "scenario.toml"))
    text = scenario.text.replace("shuffle = false", "shuffle = false\nsplit_seed = 43")
    (folder / "scenario.toml").write_text(text)
    with pytest.raises(UsageError, match=r"pictures of .* have changed"):
        train(folder)


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_checkpoint_is_said(tmp_path: Path, damage: str) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    train(folder, after(3))
    last = folder / "last.safetensors"
    data = last.read_bytes()
    last.write_bytes({"cut": data[:-7], "other": b"hello" * 20, "empty": b""}[damage])
    with pytest.raises(UsageError, match="no checkpoint that can be read"):
        train(folder)


def test_a_second_process_keeps_off(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    with (
        files.locked(folder / "scenario.toml"),
        pytest.raises(CnnsimError, match="being trained by another process"),
    ):
        train(folder)


# -- what goes wrong ------------------------------------------------------------------------------


def test_divergence_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", EVERYTHING, "training.optimizer=sgd", "training.rate=1e30")
    last = train(folder)[-1]
    assert last["kind"] == "diverged"
    run = open_run(folder)
    tensors, point = run.read()
    assert point.iteration <= last["iteration"]
    assert all((tensor == tensor).all() for tensor in tensors.values())


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [([0.5, 0.75, 0.75], 2), ([0.5, None], 1), ([None, 0.25], 2), ([None], None)],
)
def test_the_best_epoch_is_the_first_of_the_highest(
    accuracies: list[float | None], best: int | None
) -> None:
    """One whose test loss is no number (None) is no good, however many pictures it recognises."""
    rows = [
        {"test_accuracy": 1.0 if found is None else found, "test_loss": found and 1 - found}
        for found in accuracies
    ]
    kept, high = None, None
    for number, row in enumerate(rows, 1):
        if is_better(high, row):
            kept, high = number, row["test_accuracy"]
    assert kept == best
    assert high == best_accuracy(rows)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("epochs", [2, 3])
def test_every_epoch_that_was_reported_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    """It diverges in the last of two epochs, or in the third, whose loss is no number."""
    monkeypatch.setattr(loop, "_PAUSE", 1e9)
    monkeypatch.setattr(loop, "_PATIENCE", 1e9)
    folder = make(tmp_path / "run", ARTICLE, f"training.epochs={epochs}", "training.batch=2000")
    events: list[dict[str, Any]] = []
    control = Control()

    def hear(event: dict[str, Any]) -> None:
        events.append(event)
        if event["kind"] == "epoch":
            control.set_rate(1e39)

    train_folder(folder, 1, "cpu", hear, control)
    assert (events[-1]["kind"], events[-1]["epoch"]) == ("diverged", epochs)
    reported = [event for event in events if event["kind"] == "epoch"]
    assert len(reported) == 2
    run = open_run(folder)
    for row, event in zip(run.metrics(), reported, strict=True):
        assert row == {key: event[key] for key in row}
    assert run.read(BEST)[1].epoch == 1
    assert run.read()[1].iteration == 0


def test_a_full_disk_loses_nothing_that_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "run", ARTICLE)
    train(folder, after(6))
    before = contents(folder)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CnnsimError, match=r"cannot be saved in .*No space left") as raised:
            train(folder)
    assert "--resume" in raised.value.hint
    assert contents(folder) == before


def test_an_unwritable_folder_shows_before_training(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(CnnsimError, match="cannot be written"):
        make(blocked / "run", ARTICLE)


def test_a_disk_that_is_too_small_shows_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnsim.training.disk import check_disk

    run = open_run(make(tmp_path / "run", ARTICLE))
    check_disk([run])
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=10**6, free=1000))
    with pytest.raises(CnnsimError, match=r"the disk has 1.0 kB left and the run needs 9"):
        check_disk([run])


@pytest.mark.parametrize("seeds", ["0", "0..1"])
def test_what_can_be_no_folder_is_told_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seeds: str
) -> None:
    write(tmp_path / "net.toml", ARTICLE)
    monkeypatch.chdir(tmp_path)
    told = {"net.toml": "net.toml is a file and no folder"}
    told["net.toml/run"] = "net.toml is a file and no folder"
    if sys.platform == "linux":
        told["/proc/x"] = "cannot be written: "
    for out, message in told.items():
        assert main(["train", "net.toml", "--seeds", seeds, "--out", out]) in (1, 2)
        error = capsys.readouterr().err
        assert message in error
        assert "hint: choose another folder with --out" in error
    assert [path.name for path in tmp_path.iterdir()] == ["net.toml"]


def test_a_disk_that_does_not_tell_its_size_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk in memory without a limit is one."""
    from cnnsim.training.disk import check_disk

    run = open_run(make(tmp_path / "run", ARTICLE))
    before = contents(run.folder)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=0, free=0))
    check_disk([run])
    assert contents(run.folder) == before


def test_a_run_holds_all_the_files_that_its_scenario_names(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    text = ARTICLE.replace("digit = 3", 'image = "black.png"\ngrey = true')
    (tmp_path / "net.toml").write_text(text)
    folder = tmp_path / "deep" / "run"
    create_run(folder, read_scenario(str(tmp_path / "net.toml")))
    (tmp_path / "black.png").unlink()
    assert open_run(folder).scenario.name == "net"


# -- kill -9 --------------------------------------------------------------------------------------


def test_killed_at_any_moment_it_still_ends_the_same(tmp_path: Path) -> None:
    """CNNSIM_KILLS=50 kills it fifty times."""
    kills = int(os.environ.get("CNNSIM_KILLS", "3"))
    settings = f"training.epochs={600 * kills}"
    whole = make(tmp_path / "whole", ARTICLE, settings, "seed=0")
    train(whole)
    net = tmp_path / "net.toml"
    net.write_text(ARTICLE)
    folder = tmp_path / "killed"
    words, environment = command("train", net, "--set", settings, "--out", folder, "--resume")
    stream = random.Random(11)
    killed = 0
    while killed < kills:
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(stream.uniform(0.2, 2.0))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            break
        killed += 1
    ended = subprocess.run(
        [*words, "--json"], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(ended.stdout.splitlines()[-1])["kind"] == "result"
    found = contents(folder)
    assert {name: found[name] for name in contents(whole)} == contents(whole)
    assert killed


def test_outcomes_are_said(tmp_path: Path) -> None:
    run = open_run(make(tmp_path / "run", ARTICLE))
    split = load(run.scenario)
    training = Training(
        run, engine_for(run.iteration, 1), split, lambda e: None, Control(lambda: True)
    )
    assert training.go() == Outcome("stopped", 0)
