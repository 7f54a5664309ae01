"""Finding and playing until something happens, without a terminal."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper import values
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens import finder


@pytest.mark.parametrize(("key", "goes_on"), [("slash", False), ("B", True)])
async def test_a_search_computes_nothing_where_the_app_would_stand_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, goes_on: bool
) -> None:
    """The tensors of later iterations are missing, and count as slow here."""
    monkeypatch.setattr(finder, "_UNNOTICED_STEPS", 0)
    threads = set()
    usual = values.fill

    def fill(*arguments):
        tensor = usual(*arguments)
        threads.add(threading.current_thread())
        return tensor

    scenario = read_scenario("train_by_hand", ["training.iterations=4"])
    app = CnnsimApp(scenario, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        stepping = app.screen
        monkeypatch.setattr(values, "fill", fill)
        await pilot.press(key, *"nan", "enter")
        deadline = time.monotonic() + 60
        while app.screen is not stepping or not threads or stepping._player.is_playing != goes_on:
            assert time.monotonic() < deadline
            await pilot.pause(0.05)
        assert threading.main_thread() not in threads
