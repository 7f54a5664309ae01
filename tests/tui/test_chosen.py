"""What is chosen in a list has a mark, besides its colour."""

from __future__ import annotations

from pathlib import Path

import pytest
from alone import Alone
from textual.command import CommandList

from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import MONO
from cnnsim.tui.marks import Marks
from cnnsim.tui.widgets.flowlist import FlowList, FlowRow


@pytest.mark.parametrize("theme", ["dark", "ansi"])
async def test_in_the_palette(tmp_path: Path, theme: str) -> None:
    app = CnnsimApp(None, 0, Config(theme=theme), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        while not app.screen.query(CommandList) or not app.screen.query_one(CommandList).options:
            await pilot.pause(0.05)
        found = app.screen.query_one(CommandList)
        for chosen in range(3):
            while found.highlighted != chosen:
                await pilot.press("down")
            lines = [found.render_line(y).text[0] for y in range(6)]
            # Each entry has two lines: its name, and its keys.
            assert "".join(lines) == f"{'  ' * chosen}▐▐{'  ' * (2 - chosen)}"


async def test_among_terms() -> None:
    rows = [FlowRow(1.0, "1·1", f"tap[{n}]", 0.5, n == 1) for n in range(3)]
    panel = FlowList(id="flows")
    async with Alone(panel).run_test(size=(60, 3)):
        panel.show(rows, "")
        for chosen, marks in enumerate((["▸ ", " ●", "  "], ["  ", "▸●", "  "])):
            panel.choose(chosen)
            canvas = Canvas(60, 3, MONO.base)
            panel.paint(canvas)
            assert [line[:2] for line in canvas.lines()] == marks
