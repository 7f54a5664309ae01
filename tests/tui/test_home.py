"""The home screen without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnsim.scenario.catalogue import catalogue
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.base import BaseScreen

LESSONS = sum(entry.type == "lesson" for entry in catalogue())


@pytest.mark.parametrize(("width", "height"), [(60, 16), (64, 20), (80, 24)])
async def test_frames_are_whole_and_a_filter_forgets_no_lesson(
    tmp_path: Path, width: int, height: int
) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put("toy_2x2", 15, "conv1.forward[0,0,1,1] tap[0,1,1]", 16)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(width, height)) as pilot:
        for keys in ((), ("j",), ("slash", *"alex", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            assert isinstance(app.screen, BaseScreen)
            first, *lines = app.screen.text().splitlines()[:-1]
            assert f"1 of {LESSONS} lessons done" in first or first.endswith("esc shows all")
            assert "0 of" not in first
            assert {line[-1] for line in lines} <= set("╮│╯")


async def test_a_rebound_key_is_told_by_the_palette_and_by_help(tmp_path: Path) -> None:
    config = Config(keys={"open": "Z", "help": "Y"})
    app = CnnsimApp(None, 0, config, Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("Y")
        await pilot.pause()
        told = [str(part.render()) for part in app.screen.query("Static")]
        assert told[-1].strip() == "Y closes"
        await pilot.press("Y")
        await pilot.pause()
        assert isinstance(app.screen, BaseScreen)
