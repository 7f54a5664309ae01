"""The focus in the stepper: every panel has it in turn, and one that is clicked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.widgets.tabbedpanel import TabbedPanel


@asynccontextmanager
async def opened(name: str, folder: Path, size: tuple[int, int]) -> AsyncIterator[Pilot[None]]:
    app = CnnsimApp(read_scenario(name), 0, Config(), Marks(folder / "marks.json"))
    async with app.run_test(size=size) as pilot:
        deadline = time.monotonic() + 60
        while not (isinstance(app.screen, ForwardScreen) and app.screen.is_showing):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await pilot.pause()
        yield pilot


def focus(pilot: Pilot[None]) -> str:
    focused = pilot.app.focused
    assert focused is not None
    assert focused.display
    return focused.id or ""


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("toy_2x2", (80, 24), "matrix0 matrix1 matrix2 sum note loops origin"),
        ("lenet5", (120, 36), "matrix0 matrix1 matrix2 matrix3 sum growth loops origin note"),
    ],
)
async def test_all_panels_come_in_turn(
    name: str, size: tuple[int, int], expected: str, key: str, tmp_path: Path
) -> None:
    async with opened(name, tmp_path, size) as pilot:
        await pilot.press(key)
        seen = [focus(pilot)]
        for _ in range(len(expected.split())):
            await pilot.press(key)
            await pilot.pause()
            seen.append(focus(pilot))
    assert sorted(seen[1:]) == sorted(expected.split())
    assert seen[-1] == seen[0]


async def test_a_panel_that_is_clicked_has_the_focus(tmp_path: Path) -> None:
    async with opened("toy_2x2", tmp_path, (80, 24)) as pilot:
        note = pilot.app.screen.query_one("#note", TabbedPanel)
        # Its frame says: what is happening │ loops │ where from.
        await pilot.click(note, offset=(24, 0))
        await pilot.pause()
        assert focus(pilot) == "loops"
        await pilot.press("m")
        await pilot.pause()
        shown = [panel.id for panel in pilot.app.screen.query(TabbedPanel) if panel.display]
        assert shown == ["loops"]
