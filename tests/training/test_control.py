"""Training under a person's hands: paused, one update, one epoch, another rate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nets import ARTICLE, EVERYTHING
from stopped import contents, make

from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.network.kinds.adam import Adam
from cnnsim.network.kinds.sgd import Sgd
from cnnsim.network.optimizer import COUNTER, Optimizer, Slot
from cnnsim.training.control import Control
from cnnsim.training.run import open_run
from cnnsim.training.schedule import Change, base_rate, rates
from cnnsim.training.session import train_folder
from cnnsim.training.snapshot import snapshot_of


def test_requests_follow_each_other() -> None:
    control = Control()
    assert control.room(7, 10) > 10**9
    control.ask("pause")
    assert control.room(7, 10) == 0
    control.ask("batch")
    control.ask("batch")
    assert control.room(7, 10) == 2
    assert control.room(8, 10) == 1
    control.ask("epoch")
    assert control.room(9, 10) == 1
    assert control.room(10, 10) == 0
    control.ask("epoch")
    assert control.room(10, 10) == 10
    control.ask("continue")
    assert control.room(21, 10) > 10**9
    assert not control.is_stopping()
    control.stop()
    assert control.is_stopping()


def test_a_change_stands_in_for_the_rate_from_its_update_on() -> None:
    optimizer = Sgd(optimizer="sgd", rate=0.1, schedule="cosine", epochs=2)
    changes = (Change(5, 0.2), Change(5, 0.3), Change(12, 0.05))
    plain = rates(optimizer, 0, 20, 10)
    factors = np.repeat([1.0, 3.0, 0.5], [5, 7, 8])
    assert rates(optimizer, 0, 20, 10, changes) == pytest.approx(plain * factors)
    assert rates(optimizer, 8, 15, 10, changes) == pytest.approx((plain * factors)[8:15])
    assert [base_rate(optimizer, at, changes) for at in (4, 5, 12)] == [0.1, 0.3, 0.05]


class Script(Control):
    """Asks at given updates, as the loop comes by."""

    def __init__(self, at: dict[int, Any], stop_at: int | None = None) -> None:
        super().__init__()
        self.at, self.stop_at = dict(at), stop_at
        self.iteration = 0

    def room(self, iteration: int, each: int) -> int:
        self.iteration = iteration
        for number in sorted(self.at):
            if number > iteration:
                return min(super().room(iteration, each), number - iteration)
        return super().room(iteration, each)

    def take_rate(self) -> float | None:
        return self.at.pop(self.iteration, None)

    def is_stopping(self) -> bool:
        if self.stop_at is not None and self.iteration >= self.stop_at:
            return True
        return super().is_stopping()


@pytest.mark.parametrize("text", [ARTICLE, EVERYTHING])
def test_a_changed_rate_survives_a_resume_bit_for_bit(tmp_path: Path, text: str) -> None:
    whole = make(tmp_path / "whole", text)
    events: list[dict[str, Any]] = []
    train_folder(whole, 1, "cpu", events.append, Script({3: 0.02, 11: 0.004}))
    changes = open_run(whole).rate_changes()
    assert [event["rate"] for event in events if event["kind"] == "rate"] == [0.02, 0.004]
    assert [change.rate for change in changes] == [0.02, 0.004]
    # The same changes at the same updates, stopped in between, go on from the folder alone.
    again = make(tmp_path / "again", text)
    (again / "rates.jsonl").write_bytes((whole / "rates.jsonl").read_bytes())
    for stop_at in (2, changes[0].iteration, changes[0].iteration + 1, changes[1].iteration + 2):
        train_folder(again, 1, "cpu", lambda event: None, Script({}, stop_at))
    train_folder(again, 1, "cpu", lambda event: None, Control())
    assert contents(again) == contents(whole)
    # And it is another run than the one without the changes.
    plain = make(tmp_path / "plain", text)
    train_folder(plain, 1, "cpu", lambda event: None, Control())
    assert contents(plain)["last.safetensors"] != contents(whole)["last.safetensors"]


def test_a_change_that_was_cut_off_is_gone_before_the_next_one(tmp_path: Path) -> None:
    whole, torn = make(tmp_path / "whole", ARTICLE), tmp_path / "torn"
    train_folder(whole, 1, "cpu", lambda event: None, Script({3: 0.02}, 7))
    shutil.copytree(whole, torn)
    with (torn / "rates.jsonl").open("a") as stream:
        stream.write('{"kind": "rate", "iter')
    for folder in (whole, torn):
        control = Control()
        control.set_rate(0.004)
        train_folder(folder, 1, "cpu", lambda event: None, control)
    assert [change.rate for change in open_run(torn).rate_changes()] == [0.02, 0.004]
    assert contents(torn) == contents(whole)


def test_looking_and_stepping_change_nothing(tmp_path: Path) -> None:
    whole, looked = make(tmp_path / "whole", EVERYTHING), make(tmp_path / "looked", EVERYTHING)
    train_folder(whole, 1, "cpu", lambda event: None, Control())
    control = Control()
    control.ask("batch")
    paused = 0
    last: dict[str, Any] = {}

    def hear(event: dict[str, Any]) -> None:
        nonlocal paused, last
        if event["kind"] == "snapshot":
            last = event
        if event["kind"] == "progress":
            control.look()
        if event["kind"] == "paused":
            paused += 1
            assert (looked / "last.safetensors").is_file()
            control.ask("batch" if paused < 4 else "epoch" if paused < 6 else "continue")

    train_folder(looked, 1, "cpu", hear, control)
    assert paused == 6
    assert contents(looked) == contents(whole)
    names = [row["name"] for row in last["gradients"]]
    assert names == [slot.name for slot in open_run(looked).iteration.slots]
    assert all(0 < row["change"] < 1 for row in last["gradients"])
    assert last["filters"]["shape"] == [4, 3, 3]
    assert json.loads(json.dumps(last)) == last
    # What the last snapshot of the run says of its test pictures, its folder says too.
    tested = snapshot_of(looked)["tested"]
    rows = open_run(looked).metrics()
    assert tested["right"] / tested["pictures"] == rows[-1]["test_accuracy"]
    assert sum(map(sum, tested["confusion"])) == tested["pictures"]
    wrong = tested["pictures"] - tested["right"]
    assert len(tested["mistakes"]) == min(wrong, 40)
    assert all(mistake["class"] != mistake["guess"] for mistake in tested["mistakes"])
    # As cnnsim evaluate lists them: the smallest share of the right class first.
    sure = [mistake["share"] for mistake in tested["mistakes"]]
    assert sure == sorted(sure)
    assert max(sure) <= 0.5


@pytest.mark.parametrize(
    "optimizer",
    [
        Sgd(optimizer="sgd", rate=0.03),
        Sgd(optimizer="sgd", rate=0.03, momentum=0.9, weight_decay=0.01),
        Sgd(optimizer="sgd", rate=0.03, momentum=0.9, nesterov=True),
        Adam(optimizer="adam", rate=0.002, weight_decay=0.1),
    ],
    ids=["plain", "momentum", "nesterov", "adam"],
)
def test_the_gradient_shows_in_what_an_update_did(optimizer: Optimizer) -> None:
    """Against the gradient that the update's own sweeps were given."""
    stream = np.random.default_rng(4)
    slot = Slot("fc", "w", (3, 4))
    tensors = {name: stream.normal(size=(3, 4)) for name in (slot.name, slot.gradient)}
    for state in optimizer.states:
        tensors[slot.state(state)] = np.abs(stream.normal(size=(3, 4)))
    tensors[COUNTER] = np.array([3.0])
    kept = {state for state in optimizer.states if state != "velocity" or optimizer.momentum}
    for sweep in optimizer.sweeps(slot):
        tensors[sweep.writes] = fill_vectorised(sweep, tensors)
    before = {"w": tensors[slot.name]} | {s: tensors[slot.state(s)] for s in kept}
    after = {"w": tensors[slot.updated]} | {s: tensors[f"{slot.state(s)}_next"] for s in kept}
    found = optimizer.gradient_of(before, after, optimizer.rate)
    assert found == pytest.approx(tensors[slot.gradient])
