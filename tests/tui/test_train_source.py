"""What comes of looking at a run's folder while another process trains it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cnnsim.scenario.reader import read_scenario
from cnnsim.training.making import create_run
from cnnsim.tui.train.source import Watcher
from cnnsim.tui.train.view import heard, view_of


def test_what_cannot_be_read_is_noted(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    view = view_of(run)
    (run.folder / "metrics.jsonl").write_text("garbage\n")
    watcher = Watcher(run)
    watcher.start()
    events: list[dict[str, Any]] = []
    deadline = time.monotonic() + 20
    while not events and time.monotonic() < deadline:
        events += watcher.news()
        time.sleep(0.01)
    watcher.close()
    assert "metrics.jsonl is damaged in line 1" in heard(view, events).note
