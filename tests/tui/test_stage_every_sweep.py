"""Every sweep of every kind can be shown, at every size: forward, loss, gradients, update."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnsim.scenario.reader import parse_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.marks import Marks
from tests.tui.test_code import LOSS, TEXT


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_sweep_is_shown(size: tuple[int, int], tmp_path: Path) -> None:
    scenario = parse_scenario("kinds", TEXT + LOSS)
    app = CnnsimApp(scenario, marks=Marks(tmp_path / "marks.json"))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for end, sweep in zip(scenario.trace.ends, scenario.trace.sweeps, strict=True):
            app.screen.go(end - 1)
            await pilot.pause()
            shown = app.screen.text()
            assert sweep.layer in shown.splitlines()[0], sweep.full_name
            # Titles of narrow matrices are cut, behind the layer's name.
            least = sweep.writes.find(".") + 1
            cut = (f"{sweep.writes[:end]}…" for end in range(least, len(sweep.writes)))
            assert sweep.writes in shown or any(text in shown for text in cut), sweep.full_name
