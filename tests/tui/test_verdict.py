"""What a guess was worth: told where it hides nothing."""

from __future__ import annotations

from pathlib import Path

from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen

#: 1·1 + 6·2 = 13.
VERDICT = "✗ not 99: 6·2 = 12, 1 + 12 = 13"


async def test_the_verdict_heads_the_note_and_covers_none_of_it(tmp_path: Path) -> None:
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ForwardScreen)
        await pilot.press("p", "9", "9", "enter")
        await pilot.pause()
        assert not app._notifications
        lines = screen.text().splitlines()
        top = next(number for number, line in enumerate(lines) if VERDICT in line)
        # The frame of the note is whole, and its first two sentences stand below.
        assert all(line.endswith("│") for line in lines[top : top + 4])
        assert "One kernel number to the right" in lines[top + 1]
        assert "The sum grows from 1 to 13." in lines[top + 2]
        # It belongs to this step, just now.
        await pilot.press("left", "right")
        await pilot.pause()
        assert VERDICT not in screen.text()


async def test_the_verdict_is_told_where_the_note_is_out_of_sight(tmp_path: Path) -> None:
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ForwardScreen)
        screen.board.bring_up("loops")
        await pilot.press("p", "9", "9", "enter")
        await pilot.pause()
        assert [note.message for note in app._notifications] == [VERDICT]
