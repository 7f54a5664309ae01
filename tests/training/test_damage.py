"""Run folders that somebody else holds, or that are damaged: nothing is lost, all of it is told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nets import ARTICLE
from PIL import Image
from running import write
from safetensors.numpy import load_file, save_file

from cnnsim.cli import main
from cnnsim.errors import CnnsimError, UsageError
from cnnsim.scenario.reader import parse_scenario
from cnnsim.training.files import locked
from cnnsim.training.making import create_run
from cnnsim.training.run import open_run

Files = dict[str, bytes]

#: What is measured after an epoch: its number, its training loss.
ROW = '{"kind": "epoch", "epoch": %s, "train_loss": %s, "test_loss": 1, "test_accuracy": 1}'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a network with velocities, which no test may change."""
    folder = tmp_path_factory.mktemp("damage")
    text = ARTICLE.replace('"sgd"', '"sgd"\nmomentum = 0.9')
    net = write(folder / "net.toml", text)
    assert main(["train", str(net), "--out", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for path in run.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def files(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """The exit code and standard error of a command."""
    capsys.readouterr()
    code = main([str(word) for word in words])
    return code, capsys.readouterr().err


# -- beginning anew -------------------------------------------------------------------------------


def test_a_run_that_is_being_trained_is_not_begun_anew(copy: Path) -> None:
    before = files(copy)
    scenario = parse_scenario("net", ARTICLE)
    with locked(copy / "scenario.toml"), pytest.raises(CnnsimError, match="by another process"):
        create_run(copy, scenario, anew=True)
    assert files(copy) == before


@pytest.mark.parametrize("setting", ["data.source=nowhere", "data.classes=[11]"])
def test_what_cannot_begin_leaves_the_old_run(copy: Path, capsys: Any, setting: str) -> None:
    before = files(copy)
    net = copy / "scenario.toml"
    code, _ = said(capsys, "train", net, "--out", copy, "--set", setting, "--overwrite")
    assert code == 2
    assert files(copy) == before


def test_only_the_files_of_a_run_go(copy: Path, capsys: Any) -> None:
    foreign = {"notes.new": b"1", "given.txt": b"2", "weights.safetensors": b"3"}
    for name, data in foreign.items():
        (copy / name).write_bytes(data)
    (copy / "deep.new").mkdir()
    before = files(copy)
    code, _ = said(capsys, "train", copy / "scenario.toml", "--out", copy, "--overwrite")
    assert code == 0
    after = files(copy)
    assert {name: after[name] for name in foreign} == foreign
    assert set(after) == set(before)
    other = copy.parent / "other"
    other.mkdir()
    (other / "x.new").write_bytes(b"x")
    code, error = said(capsys, "train", copy / "scenario.toml", "--out", other, "--overwrite")
    assert (code, files(other)) == (2, {"x.new": b"x"})
    assert "holds other files" in error


# -- what commands write ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["last.safetensors", "scenario.toml", "metrics.jsonl"])
def test_an_export_does_not_take_the_place_of_the_run(copy: Path, capsys: Any, name: str) -> None:
    before = files(copy)
    code, error = said(capsys, "export", copy, "--out", copy / name)
    assert (code, "is what this command reads" in error) == (2, True)
    assert files(copy) == before


def test_an_export_without_a_name_is_told(copy: Path, capsys: Any) -> None:
    code, error = said(capsys, "export", copy, "--out", "")
    assert (code, "--out needs the name of a file" in error) == (2, True)


def test_values_do_not_take_the_place_of_their_scenario(copy: Path, capsys: Any) -> None:
    before = files(copy)
    code, error = said(capsys, "values", copy / "scenario.toml", "--npz", copy / "scenario.toml")
    assert (code, "is what this command reads" in error) == (2, True)
    assert files(copy) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on Unix")
def test_a_pipe_gets_everything_and_stays(copy: Path, tmp_path: Path, capsys: Any) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code, error = said(capsys, "export", copy, "--out", pipe)
    assert (code, "nobody reads" in error) == (2, True)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    for _ in range(2000):
        code, _ = said(capsys, "values", copy / "scenario.toml", "input", "--npz", pipe)
        if code == 0:
            break
    reader.join(20)
    assert code == 0
    assert got
    assert got[0][:2] == b"PK"
    assert pipe.is_fifo()


def test_a_link_stays(copy: Path, tmp_path: Path, capsys: Any) -> None:
    target = write(tmp_path / "target", "old")
    link = tmp_path / "link"
    link.symlink_to(target)
    assert said(capsys, "export", copy, "--out", link)[0] == 0
    assert link.is_symlink()
    assert load_file(target)["conv1.weight"].shape == (4, 1, 3, 3)


# -- damage ---------------------------------------------------------------------------------------


def change_tensors(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "last.safetensors"
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as stored:
        metadata = stored.metadata()
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata=metadata)


def change_point(folder: Path, **changes: Any) -> None:
    path = folder / "last.safetensors"
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as stored:
        point = json.loads(stored.metadata()["cnnsim"])
    save_file(load_file(path), path, metadata={"cnnsim": json.dumps({**point, **changes})})


@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_checkpoint_without_its_velocities_is_no_checkpoint(copy: Path, how: str) -> None:
    def change(tensors: dict[str, Any]) -> None:
        name = next(name for name in tensors if "velocity" in name)
        if how == "missing":
            del tensors[name]
        else:
            tensors[name] = tensors[name].reshape(-1)[:1]

    change_tensors(copy, change)
    with pytest.raises(UsageError, match="does not belong to this network"):
        open_run(copy).read()


@pytest.mark.parametrize(
    "changes",
    [
        {"iteration": "5"},
        {"iteration": 3.5},
        {"iteration": -5},
        {"epoch": -1},
        {"epoch": True},
        {"loss": "x"},
        {"loss": None},
        {"engine": 7},
        {"more": 1},
    ],
)
def test_a_checkpoint_that_stands_nowhere_is_told(copy: Path, changes: dict[str, Any]) -> None:
    change_point(copy, **changes)
    with pytest.raises(UsageError, match="is no checkpoint that can be read"):
        open_run(copy).read()


@pytest.mark.parametrize("has_best", [True, False])
@pytest.mark.parametrize("damage", ["cut", "other net"])
def test_of_a_damaged_checkpoint_the_hint_is_right_for_every_command(
    copy: Path, capsys: Any, damage: str, has_best: bool
) -> None:
    last, best = copy / "last.safetensors", copy / "best.safetensors"
    if damage == "cut":
        last.write_bytes(last.read_bytes()[:100])
    else:
        change_tensors(copy, lambda tensors: tensors.pop("fc.bias"))
    if not has_best:
        best.unlink()
    for words in (["train", copy, "--resume"], ["evaluate", copy], ["export", copy]):
        code, error = said(capsys, *words)
        assert code == 2
        assert ("evaluate --best reads the best epoch's; " in error) == has_best
        assert "train --overwrite begins anew" in error
    if has_best:
        assert said(capsys, "evaluate", copy, "--best")[0] == 0
        best.write_bytes(best.read_bytes()[:100])
        code, error = said(capsys, "evaluate", copy, "--best")
        assert (code, "--best reads" in error) == (2, False)
    net = write(copy.parent / "net.toml", ARTICLE)
    assert said(capsys, "train", net, "--out", copy, "--overwrite", "--epochs", "1")[0] == 0


def test_a_checkpoint_that_may_not_be_read_is_not_called_damaged(
    copy: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is anybody told to begin anew."""
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).suffix == ".toml" and access(path, mode)
    )
    for words in (["evaluate", copy], ["train", copy, "--resume"]):
        code, error = said(capsys, *words)
        assert code == 2
        assert "last.safetensors may not be read" in error
        assert "overwrite" not in error


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("metrics.jsonl", '{"kind": "epoch", "epoch": 3, "train_loss": 1, "test_loss": 1}'),
        ("metrics.jsonl", '{"epoch": 3, "train_loss": 1, "test_loss": 1, "test_accuracy": "1"}'),
        ("metrics.jsonl", "garbage"),
        ("metrics.jsonl", ROW % (3, "NaN")),
        ("metrics.jsonl", ROW % (3, "1.6e999")),
        ("metrics.jsonl", ROW % (3, "1" + "0" * 400)),
        ("metrics.jsonl", ROW % (-1, "1")),
        ("metrics.jsonl", ROW % (1, "1")),
        ("metrics.jsonl", '{"a": ' * 100_000),
        ("rates.jsonl", '{"kind": "rate", "iteration": 5, "rate": 1%s}' % ("0" * 400)),
        ("rates.jsonl", '{"kind": "rate", "iteration": 5, "rate": NaN}'),
        ("rates.jsonl", "garbage"),
        ("rates.jsonl", '{"kind": "rate", "iteration": 1e400, "rate": 1}'),
        ("rates.jsonl", '{"kind": "rate", "iteration": -5, "rate": 1}'),
        ("rates.jsonl", '{"kind": "rate", "iteration": 5, "rate": -1}'),
        ("rates.jsonl", '{"kind": "rate", "iteration": 5}'),
        ("rates.jsonl", "[1]"),
    ],
)
def test_a_damaged_line_is_named(copy: Path, name: str, line: str) -> None:
    path = copy / name
    number = len(path.read_bytes().splitlines()) + 1 if path.exists() else 1
    with path.open("a") as stream:
        stream.write(f"{line}\n")
    opened = open_run(copy)
    assert name == "rates.jsonl" or number == 3
    with pytest.raises(UsageError, match=rf"{name} is damaged in line {number}"):
        opened.metrics() if name == "metrics.jsonl" else opened.rate_changes()


@pytest.mark.parametrize("name", ["last.safetensors", "metrics.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_told(copy: Path, capsys: Any, name: str) -> None:
    (copy / name).unlink()
    (copy / name).mkdir()
    code, error = said(capsys, "train", copy / "scenario.toml", "--out", copy, "--resume")
    assert code == 2
    assert name in error


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on Unix")
def test_a_pipe_in_the_place_of_the_rates_is_told(copy: Path) -> None:
    """To wait until somebody writes into it may take forever."""
    os.mkfifo(copy / "rates.jsonl")
    with pytest.raises(UsageError, match=r"rates.jsonl is a pipe or a device, not a file"):
        open_run(copy).rate_changes()


def test_without_the_last_checkpoint_the_best_one_is_named(copy: Path, capsys: Any) -> None:
    (copy / "last.safetensors").unlink()
    code, error = said(capsys, "evaluate", copy)
    assert (code, "--best" in error) == (2, True)
    assert said(capsys, "evaluate", copy, "--best")[0] == 0


def test_without_the_best_checkpoint_nothing_is_the_best(copy: Path, capsys: Any) -> None:
    (copy / "best.safetensors").unlink()
    code, error = said(capsys, "evaluate", copy, "--best")
    assert code == 2
    assert "best.safetensors is not there" in error
    assert "without --best it is the last epoch's" in error
    assert "has not been trained" not in error
    assert main(["train", str(copy), "--resume", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["epochs"], result["best_test_accuracy"]) == (2, None)


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("net", "there is no run folder net", "is runs/net-2 or runs/net-10 meant?"),
        ("runs/net", "there is no run folder runs/net", "is runs/net-2 or runs/net-10 meant?"),
        ("net-10", "there is no run folder net-10", "is runs/net-10 meant?"),
        ("runs/net-7", "no run folder runs/net-7", "is runs/net-2 or runs/net-10 meant?"),
        ("ne", "there is no run folder ne", "cnnsim train makes one"),
        ("runs/net-2/last.safetensors", "is no run folder", "is runs/net-2 meant?"),
        ("runs", "runs is no run folder", "is runs/net-2 or runs/net-10 meant?"),
        ("many", "no run folder", "is many/a-0 or many/a-1 or many/a-2 or another one meant?"),
        ("runs/notes", "is no run folder: it has no scenario.toml", ""),
        ("\0", "no run folder", "cnnsim train makes one"),
        ("", "no run folder", ""),
    ],
)
def test_a_run_that_is_not_there_is_looked_for(
    run: Path, tmp_path: Path, monkeypatch: Any, capsys: Any, typed: str, message: str, hint: str
) -> None:
    for name in ("runs/net-2", "runs/net-10", *(f"many/a-{seed}" for seed in range(4))):
        (tmp_path / name).mkdir(parents=True)
        for path in run.iterdir():
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
    (tmp_path / "runs" / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    for command in ("evaluate", "watch", "export"):
        code, error = said(capsys, command, typed)
        assert code == 2
        assert message in error
        assert ("hint: " in error) == bool(hint)
        assert hint in error
    if "no run folder " in message and typed not in ("", "\0"):
        # Where a scenario could stand too, it is the bundled ones that are named in want of a run.
        for words in (["train", typed, "--resume"], ["replay", typed]):
            code, error = said(capsys, *words)
            assert code == 2
            assert f"no scenario or file '{typed}'" in error
            assert ("bundled are" if "makes one" in hint else hint) in error


def test_a_run_with_more_outputs_than_classes_is_told(copy: Path, capsys: Any) -> None:
    net = copy / "scenario.toml"
    net.write_text(net.read_text().replace("shuffle = false", "classes = [0, 1]"))
    Image.new("L", (8, 8)).save(copy.parent / "black.png")
    for words in (["evaluate", copy], ["predict", copy, copy.parent / "black.png"]):
        code, error = said(capsys, *words)
        assert (code, "there are 2 classes and the last layer has 10 outputs" in error) == (2, True)


@pytest.mark.parametrize(
    ("engine", "device"),
    [("lanes x8", "cpu"), ("cuda sm_90", "cuda"), ("cuda models sm_90", "cuda")],
)
def test_a_finished_run_names_where_it_was_trained(
    copy: Path, capsys: Any, engine: str, device: str
) -> None:
    change_point(copy, engine=engine)
    words = ["train", copy / "scenario.toml", "--out", copy, "--resume", "--device", "cpu"]
    assert main([str(word) for word in [*words, "--json"]]) == 0
    assert json.loads(capsys.readouterr().out)["device"] == device
