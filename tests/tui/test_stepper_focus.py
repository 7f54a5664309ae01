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
from cnnsim.tui.widgets import panels
from cnnsim.tui.widgets.board import Board
from cnnsim.tui.widgets.matrixpanel import MatrixPanel
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
        ("toy_2x2", (80, 24), "read0 read1 out sum note loops origin"),
        ("lenet5", (120, 36), "read0 lens0 read1 out sum growth loops origin note"),
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


async def test_a_matrix_that_was_alone_keeps_the_focus(tmp_path: Path) -> None:
    async with opened("toy_2x2", tmp_path, (80, 24)) as pilot:
        for keys, shown in ((["tab", "m"], ["read1"]), (["m"], ["read0", "read1", "out"])):
            await pilot.press(*keys)
            await pilot.pause()
            matrices = pilot.app.screen.query(MatrixPanel)
            assert [panel.id for panel in matrices if panel.display] == shown
            assert focus(pilot) == "read1"


async def test_panels_that_stay_where_they_are_are_not_placed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened("toy_2x2", tmp_path, (80, 24)) as pilot:
        placed: list[str | None] = []
        monkeypatch.setattr(panels, "place", lambda panel, rect: placed.append(panel.id))
        await pilot.press("right", "right")
        assert isinstance(pilot.app.screen, ForwardScreen)
        assert pilot.app.screen.step == 2
        assert not placed
        await pilot.press("m")
        assert placed == ["read0", "timeline"]


async def test_at_first_the_first_matrix_in_sight_has_the_focus(tmp_path: Path) -> None:
    """There is no room for the whole input beside its field."""
    async with opened("lenet5", tmp_path, (80, 24)) as pilot:
        assert focus(pilot) == "lens0"


async def test_a_matrix_alone_gives_way_where_a_step_has_none_such(tmp_path: Path) -> None:
    """The kernel of a convolution, which the ReLU behind it has no second value for."""
    async with opened("train_by_hand", tmp_path, (80, 24)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, ForwardScreen)
        await pilot.press("tab", "m")
        screen.go(screen.stepper.find("relu1"))
        await pilot.pause()
        shown = [panel for panel in screen.query(MatrixPanel) if panel.display]
        assert [panel.matrix and panel.matrix.tensor for panel in shown] == ["conv1.y", "relu1.y"]


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "all"])
async def test_tab_goes_on_to_the_next_panel_alone(is_alone: bool, tmp_path: Path) -> None:
    async with opened("toy_2x2", tmp_path, (80, 24)) as pilot:
        for expected in ("read1", "out", "sum", "note", "loops", "origin", "read0"):
            await pilot.press(*(["m"] if is_alone else []), "tab")
            await pilot.pause()
            assert focus(pilot) == expected
            board = pilot.app.screen.query_one(Board)
            shown = {panel.id for panel in board.children if panel.display}
            assert (shown == {expected, "timeline"}) is is_alone
            await pilot.press(*(["m"] if is_alone else []))
