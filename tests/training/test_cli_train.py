"""``cnnsim train``, as people and scripts use it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from nets import ARTICLE
from running import Run, started, strict, write
from stopped import after, contents, train

from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.writing import draft_of
from cnnsim.training import load
from cnnsim.training.making import create_run
from cnnsim.training.run import open_run
from cnnsim.training.trained import open_trained


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return write(tmp_path / "net.toml", ARTICLE)


def test_json_lines_of_one_run(run: Run, net: Path, tmp_path: Path) -> None:
    result = run("train", net, "--out", tmp_path / "run", "--json", "--epochs", "3")
    assert result.code == 0
    *epochs, last = result.objects
    assert [row["kind"] for row in epochs] == ["epoch"] * 3
    assert [row["epoch"] for row in epochs] == [1, 2, 3]
    expected = {"kind", "scenario", "seed", "epoch", "train_loss", "test_loss", "test_accuracy"}
    assert set(epochs[0]) == expected | {"images_per_second"}
    assert last["kind"] == "result"
    assert last["test_accuracy"] == epochs[-1]["test_accuracy"]
    assert last["best_test_accuracy"] == max(row["test_accuracy"] for row in epochs)
    assert (last["scenario"], last["seed"], last["epochs"]) == ("net", 0, 3)
    assert last["device"] == "cpu"
    assert last["seconds"] > 0
    assert last["run"] == str(tmp_path / "run")
    again = run("train", net, "--out", tmp_path / "run", "--json", "--epochs", "3", "--resume")
    assert again.code == 0
    assert [row["kind"] for row in again.objects] == ["result"]
    assert again.objects[0]["test_accuracy"] == last["test_accuracy"]


def test_a_single_run_reads_its_pictures_once(
    run: Run, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, times = load._read, []
    monkeypatch.setattr(load, "_read", lambda *words: times.append(words) or read(*words))
    assert run("train", net, "--epochs", "1", "--out", tmp_path / "run").code == 0
    assert len(times) == 1


def test_many_seeds_give_what_each_gives_alone(run: Run, net: Path, tmp_path: Path) -> None:
    result = run("train", net, "--seeds", "0..2", "--threads", "2", "--out", tmp_path, "--json")
    assert result.code == 0, result.err
    by_kind: dict[str, list[dict]] = {}
    for row in result.objects:
        by_kind.setdefault(row["kind"], []).append(row)
    assert sorted(row["seed"] for row in by_kind["result"]) == [0, 1, 2]
    assert len(by_kind["epoch"]) == 6
    values = [row["test_accuracy"] for row in by_kind["result"]]
    (mean,) = by_kind["mean"]
    assert mean["test_accuracy"] == pytest.approx(np.mean(values))
    assert mean["deviation"] == pytest.approx(np.std(values, ddof=1))
    alone = run("train", net, "--seeds", "2", "--out", tmp_path / "alone", "--json")
    assert alone.code == 0
    together = tmp_path / "net-2" / "last.safetensors"
    assert together.read_bytes() == (tmp_path / "alone" / "last.safetensors").read_bytes()


def test_a_table_for_people(run: Run, net: Path, tmp_path: Path) -> None:
    result = run("train", net, "--seeds", "4,5", "--out", tmp_path)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].split()[:3] == ["scenario", "seed", "epochs"]
    assert [line.split()[1] for line in lines[2:4]] == ["4", "5"]
    assert "over 2 seeds" in lines[-1]
    assert "±" in lines[-1]


def test_runs_are_kept_in_a_folder_of_their_own(
    run: Run, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("train", net).code == 0
    first = (tmp_path / "runs" / "net-0" / "metrics.jsonl").read_text()
    assert len(first.splitlines()) == 2
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    refused = run("train", net)
    assert refused.code == 2
    assert "holds a run" in refused.err
    assert "--resume" in refused.err
    several = run("train", net, "--out", tmp_path / "runs" / "net-0", "--seeds", "1,2")
    assert several.code == 2
    assert "net-0 is a run, and no folder for several" in several.err
    assert run("train", net, "--overwrite", "--epochs", "1").code == 0
    assert len((tmp_path / "runs" / "net-0" / "metrics.jsonl").read_text().splitlines()) == 1


def test_one_that_diverges_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    good = write(tmp_path / "good.toml", ARTICLE)
    bad = write(tmp_path / "bad.toml", ARTICLE.replace("rate = 0.01\n", "rate = 1e38\n"))
    result = run("train", bad, good, "--out", tmp_path / "runs", "--json")
    assert result.code == 1
    kinds = {row["scenario"]: row["kind"] for row in result.objects if row["kind"] != "epoch"}
    assert kinds == {"good": "result", "bad": "diverged"}
    assert "bad seed 0 diverged" in result.err
    assert (tmp_path / "runs" / "bad-0" / "last.safetensors").is_file()
    assert f"its last good checkpoint is in {tmp_path / 'runs' / 'bad-0'}" in result.err


def test_of_numbers_that_are_none_from_the_start_nothing_is_saved(run: Run, net: Path) -> None:
    out = net.parent / "run"
    result = run("train", net, "--out", out, "--set", 'edits={"fc.b[0]"=nan}')
    assert (result.code, (out / "last.safetensors").exists()) == (1, False)
    assert "nothing was saved" in result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "9..0"], "9 comes after 0"),
        (["--seeds", "a"], "'a' is no seed"),
        (["--seeds", ""], "is no seed"),
        (["--epochs", "0"], "--epochs should be 1 or more"),
        (["--threads", "0"], "--threads should be 1 or more"),
        (["--device", "cuda"], "a GPU needs numba-cuda"),
        (["--resume", "--overwrite"], "exclude each other"),
        (["--set", "training.rate=-1"], "training.rate"),
        (["--set", "data.source=nowhere"], "there are no pictures at"),
    ],
)
def test_mistakes_show_before_training(
    run: Run, net: Path, tmp_path: Path, monkeypatch, words: list[str], message: str
) -> None:
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    result = run("train", net, "--out", tmp_path / "run", *words)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("out", ["-", ""])
def test_a_folder_needs_a_name(run: Run, net: Path, monkeypatch, out: str) -> None:
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    monkeypatch.chdir(net.parent)
    result = run("train", net, "--out", out)
    assert (result.code, "--out needs the name of a folder" in result.err) == (2, True)
    assert [*net.parent.iterdir()] == [net]


def stopped(folder: Path, net: Path, *settings: str) -> Path:
    """A run of `net` in `folder` that was stopped after some updates."""
    words = [*settings, "seed=3"]
    scenario = read_scenario(str(net), words)
    create_run(folder, scenario, words)
    assert train(folder, after(3))[-1]["kind"] == "stopped"
    return folder


def test_evaluate_says_where_a_run_was_stopped(run: Run, net: Path, tmp_path: Path) -> None:
    folder = stopped(tmp_path / "run", net)
    made = open_run(folder).read()[1].iteration
    epochs, updates = divmod(made, 1437)
    (found,) = run("evaluate", folder, "--json", "--worst", "0").objects
    assert (found["iteration"], found["epoch"]) == (made, epochs)
    assert f"after {epochs} epochs and {updates:,} updates\n" in run("evaluate", folder).out


def test_a_run_folder_with_resume_goes_on_in_its_place(
    run: Run, net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = "training.rate=0.02"
    short, long = (stopped(tmp_path / name, net, setting) for name in ("short", "long"))
    before = contents(short)
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    refused = run("train", short)
    assert refused.code == 2
    assert "is a run already" in refused.err
    assert "--resume goes on with it" in refused.err
    assert contents(short) == before
    words = ["--seeds", "3", "--set", setting, "--out", long, "--resume", "--json"]
    expected = run("train", net, *words)
    net.unlink()
    monkeypatch.chdir(short.parent)
    found = run("train", "short/", "--resume", "--json")
    assert (found.code, expected.code) == (0, 0), found.err
    assert contents(short) == contents(long) != before
    measured = [row["test_accuracy"] for row in expected.objects]
    assert [row["test_accuracy"] for row in found.objects] == measured
    (again,) = run("train", "short", "--resume", "--json").objects
    ended = found.objects[-1]
    assert {**again, "seconds": 0} == {**ended, "seconds": 0}
    assert (again["kind"], again["run"]) == ("result", "short")


def test_several_run_folders_go_on_together(run: Run, net: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.toml", ARTICLE)
    folders = [stopped(tmp_path / path.stem / "run", path) for path in (net, other)]
    result = run("train", *folders, "--resume", "--json")
    assert result.code == 0, result.err
    ended = {row["run"] for row in result.objects if row["kind"] == "result"}
    assert ended == set(map(str, folders))
    first, second = map(contents, folders)
    assert first["last.safetensors"] == second["last.safetensors"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume", "--seeds", "0..1"], "--seeds cannot stand beside"),
        (["--resume", "--set", "seed=1"], "--set cannot stand beside"),
        (["--resume", "--out", "x"], "--out cannot stand beside"),
        (["--overwrite"], "--overwrite cannot stand beside"),
        (["--seeds", "5", "--out", "x"], "--seeds, --out cannot stand beside"),
        (["--epochs", "5"], "is a run already"),
        (["sobel", "--resume"], "is a run and sobel is none"),
        (["{run}", "--resume"], "two of the runs have one name and one seed"),
    ],
)
def test_beside_a_run_folder_stands_nothing_else(
    run: Run, trained: Path, monkeypatch, words: list[str], message: str
) -> None:
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    before = contents(trained)
    result = run("train", trained, *(word.replace("{run}", str(trained)) for word in words))
    assert result.code == 2
    assert message in result.err
    assert "hint: " in result.err
    assert contents(trained) == before


@contextmanager
def at_work(folder: Path, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that trains, among others the run in `folder`, and has made a few updates of it."""
    with started("train", *words) as process:
        deadline = time.monotonic() + 60
        files = [folder / name for name in ("last.safetensors", "metrics.jsonl")]
        while not (files[0].is_file() and files[1].is_file() and files[1].stat().st_size):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        yield process


@pytest.mark.parametrize(
    ("seeds", "threads", "count"), [("3", 2, 1), ("3..4", 2, 2), ("3..5", 1, 3)]
)
def test_ctrl_c_saves_and_resume_goes_on(
    net: Path, tmp_path: Path, seeds: str, threads: int, count: int
) -> None:
    settings = ["--seeds", seeds, "--set", "training.epochs=20_000", "--threads", str(threads)]
    words = [net, *settings, "--out", tmp_path / "run"]
    folder = tmp_path / "run" if ".." not in seeds else tmp_path / "run" / "net-3"
    with at_work(folder, *words) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "finishing the batch and saving" in err
    told = [line for line in err.splitlines() if line.startswith("stopped: ")]
    assert len(told) == count, "those that nobody got to as well"
    assert "--resume goes on" in told[-1]
    point = open_trained(folder).point
    assert 0 < point.iteration < 20_000 * 1437
    with started("train", *words, "--resume", "--json") as resumed:
        assert resumed.stdout is not None
        row = next(row for row in map(strict, resumed.stdout) if row["seed"] == 3)
        assert row["epoch"] == point.epoch + 1
        resumed.send_signal(signal.SIGINT)
        resumed.communicate(timeout=60)
    assert resumed.returncode == 130


@pytest.mark.parametrize("seeds", ["0", "0..2"])
def test_training_that_nobody_listens_to_is_saved_and_no_success(
    net: Path, tmp_path: Path, seeds: str
) -> None:
    words = ("--epochs", "500_000", "--json", "--seeds", seeds, "--out", tmp_path / "runs")
    with started("train", net, *words) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.count("the same command with --resume goes on") == (1 if seeds == "0" else 3)
    assert err.endswith("error: standard output: Broken pipe\n")
    saved = [path.parent for path in (tmp_path / "runs").rglob("last.safetensors")]
    assert max(open_trained(folder).point.iteration for folder in saved) > 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on Unix")
def test_a_second_ctrl_c_leaves_at_once(net: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with at_work(folder, net, "--epochs", "500_000", "--out", folder) as process:
        assert process.stderr is not None
        # Saving waits for somebody who reads this pipe: after one ctrl+c it would never end.
        while True:
            with suppress(FileExistsError):
                os.mkfifo(draft_of(folder / "last.safetensors"))
                break
        process.send_signal(signal.SIGINT)
        assert any("finishing the batch" in line for line in process.stderr)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped:" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("wait", [0.0, 1.0, 4.0])
def test_ctrl_c_ends_it_even_while_it_compiles(net: Path, tmp_path: Path, wait: float) -> None:
    folder, cold = tmp_path / "run", str(tmp_path / "cache")
    words = (net, "--out", folder, "--epochs", "20_000")
    with started("train", *words, XDG_CACHE_HOME=cold) as process:
        deadline = time.monotonic() + 60
        while not (folder / "scenario.toml").is_file():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err


@pytest.mark.skipif(not os.environ.get("CNNSIM_LONG"), reason="minutes; CNNSIM_LONG=1 runs it")
def test_digits_cnn_reads_99_of_100(run: Run, tmp_path: Path) -> None:
    """The mean of ten seeds, each after its last epoch."""
    result = run("train", "digits_cnn", "--seeds", "0..9", "--out", tmp_path, "--json")
    assert result.objects[-1]["test_accuracy"] >= 0.99
