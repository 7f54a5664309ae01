"""What every panel has: its frame."""

from __future__ import annotations

from pathlib import Path

from textual.geometry import Region

from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.marks import Marks
from cnnsim.tui.widgets.panel import Panel


def is_bright(panel: Panel) -> bool:
    """Whether its frame is that of the panel with the focus."""
    corner = next(iter(panel.render_lines(Region(0, 0, 1, 1))[0]))
    return corner.text == "╭" and corner.style == DARK.focus_line


async def test_the_panel_with_the_focus_has_the_bright_frame(tmp_path: Path) -> None:
    app = CnnsimApp(read_scenario("sobel"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        seen = set()
        for _ in range(5):
            await pilot.press("tab")
            await pilot.pause()
            shown = [panel for panel in app.screen.query(Panel) if panel.display]
            assert [panel for panel in shown if is_bright(panel)] == [app.focused]
            seen.add(app.focused)
        assert len(seen) == 5
