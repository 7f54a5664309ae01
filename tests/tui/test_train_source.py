"""What comes of looking at a run's folder while another process trains it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from cnnsim.scenario.reader import read_scenario
from cnnsim.training import load
from cnnsim.training.control import Control
from cnnsim.training.lengthening import lengthen_runs
from cnnsim.training.making import create_run
from cnnsim.training.session import train_folder
from cnnsim.tui.train.source import Watcher
from cnnsim.tui.train.view import heard, view_of


def news(watcher: Watcher, until: str) -> list[dict[str, Any]]:
    """What it tells, up to an event of that kind."""
    events: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not any(event["kind"] == until for event in events):
        assert time.monotonic() < deadline
        events += watcher.news()
        time.sleep(0.01)
    return events


def test_a_look_reads_the_pictures_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    train_folder(run.folder, 1, "cpu", lambda event: None, Control(lambda: True))
    read, times = load._read, []
    monkeypatch.setattr(load, "_read", lambda *words: times.append(words) or read(*words))
    watcher = Watcher(run)
    watcher.start()
    events = news(watcher, until="snapshot")
    watcher.close()
    assert len(times) == 1
    assert events[-1]["tested"]["pictures"] == 360


def test_a_run_that_gets_more_epochs_meanwhile_goes_on(tmp_path: Path) -> None:
    words = ["training.epochs=1", "training.schedule='constant'"]
    run = create_run(tmp_path / "run", read_scenario("digits_cnn", words), words)
    train_folder(run.folder, 1, "cpu", lambda event: None, Control())
    watcher = Watcher(run)
    watcher.start()
    view = heard(view_of(run), news(watcher, until="snapshot"))
    assert (view.state, view.epochs, view.share) == ("finished", 1, 1.0)
    lengthen_runs([run], [3])
    view = heard(view, news(watcher, until="metrics"))
    assert (view.state, view.epochs, view.share) == ("watching", 3, 1 / 3)
    train_folder(run.folder, 1, "cpu", lambda event: None, Control())
    view = heard(view, news(watcher, until="snapshot"))
    watcher.close()
    assert (view.state, view.epochs, view.share) == ("finished", 3, 1.0)


def test_what_cannot_be_read_is_noted(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    view = view_of(run)
    (run.folder / "metrics.jsonl").write_text("garbage\n")
    watcher = Watcher(run)
    watcher.start()
    events = news(watcher, until="note")
    watcher.close()
    assert "metrics.jsonl is damaged in line 1" in heard(view, events).note
