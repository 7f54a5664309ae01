"""Runs on the GPU: stopped and continued, there or on the CPU."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from nets import TINY, bright
from simulator import CAN_LAUNCH, launches, run_in_simulator, without_a_gpu
from stopped import after, train

from cnnsim.cli import main
from cnnsim.kernels.choose import choose_device
from cnnsim.kernels.cuda.device import is_simulated
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.history import History
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.making import create_run
from cnnsim.training.rerun import Rerun

if CAN_LAUNCH:
    from cnnsim.kernels.cuda.engine import CudaEngine

_DENSE = '[[layers]]\ntype = "dense"'
#: With a dropout, at one rate.
NET = TINY.replace(
    _DENSE, f'[[layers]]\ntype = "dropout"\nname = "drop"\nrate = 0.25\n{_DENSE}'
).replace('schedule = "cosine"\nwarm_up = 1\n', "")


@without_a_gpu
def test_all_of_these_in_the_simulator() -> None:
    run_in_simulator(__file__)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return bright(tmp_path, NET)


@launches
def test_a_run_that_was_stopped_goes_on_bit_for_bit(net: Path, tmp_path: Path) -> None:
    whole, pieces = (create_run(tmp_path / name, read_scenario(str(net))).folder
                     for name in ("whole", "pieces"))  # fmt: skip
    assert train(whole, device="cuda")[-1]["device"] == "cuda"
    kinds = [train(pieces, after(looks), "cuda")[-1]["kind"] for looks in (1, 1, 2)]
    assert set(kinds) == {"stopped"}
    assert train(pieces, device="cuda")[-1]["kind"] == "result"
    for name in ("last.safetensors", "best.safetensors", "metrics.jsonl"):
        assert (pieces / name).read_bytes() == (whole / name).read_bytes(), name


@launches
def test_a_run_goes_on_elsewhere_and_says_so(net: Path, tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", read_scenario(str(net))).folder
    assert train(run, after(2), "cuda")[-1]["kind"] == "stopped"
    events = train(run, device="cpu")
    (note,) = (event["what"] for event in events if event["kind"] == "note")
    assert "trained by another engine, cuda" in note
    assert events[-1]["device"] == "cpu"


@launches
def test_an_iteration_is_seen_again_where_it_was_trained(net: Path, tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", read_scenario(str(net)))
    train(run.folder, device="cuda")
    engine = CudaEngine(run.iteration)
    engine.load(run.initial())
    batches = batches_of(run, load(run.scenario))
    for number in range(2):
        piece = batches.piece(number, 1)
        engine.train(piece.pictures, piece.classes, piece.batches, np.array([0.02]))
    seen = Rerun(History(run), 2).leaves(2, lambda share: None)
    for name, tensor in engine.tensors().items():
        if name != COUNTER:
            assert seen[name].tobytes() == tensor.tobytes(), name


@launches
def test_the_commands_take_the_device(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    words = ["--out", str(folder), "--device", "cuda", "--json"]
    assert main(["train", str(net), *words]) == 0
    *epochs, result = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["kind"] for row in epochs] == ["epoch"] * 3
    assert result["device"] == "cuda"
    found = []
    for device in ("cuda", "cpu"):
        assert main(["evaluate", str(folder), "--device", device, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out.splitlines()[0]))
    assert found[0]["test_loss"] == pytest.approx(found[1]["test_loss"], rel=1e-5)
    assert found[0]["test_accuracy"] == found[1]["test_accuracy"] == result["test_accuracy"]


@launches
def test_the_simulator_is_not_found_by_itself() -> None:
    assert choose_device("auto") == ("cpu" if is_simulated() else "cuda")
    assert choose_device("cuda") == "cuda"
