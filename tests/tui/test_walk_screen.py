"""The walk in a running app; what can be told without one is told in the other files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from networks import scenario
from texts import dense, layer
from textual.pilot import Pilot

from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.screens.walk import WalkScreen

SMALL = f"""
[input]
ramp = [1, 9, 9]
{layer("conv2d", "conv1", filters=2, size=3, padding=1)}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=3)}
{dense(4, inputs=18)}
"""


@asynccontextmanager
async def walking(
    tmp_path: Path, given: Any = None, size: tuple[int, int] = (120, 36), glyphs: str = "unicode"
) -> AsyncIterator[tuple[Pilot[Any], WalkScreen]]:
    app = CnnsimApp(None, 0, Config(glyphs=glyphs), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=size) as pilot:
        app.open_scenario(given or scenario(SMALL), 0, walk=True)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, WalkScreen)
        yield pilot, screen


async def test_alexnet_opens_without_computing(tmp_path: Path) -> None:
    async with walking(tmp_path, read_scenario("alexnet")) as (pilot, screen):
        await pilot.press("j", "j")
        text = screen.text()
        for part in ("42,319,432 params", "1,115,202,080 MACs without bias", "3.1 MB activations",
                     "conv2   5×5 p2   256×27×27    614,656", "what conv2[·,13,13] sees",
                     "field 51×51 = 5.0 % of the picture", "19 + (5 − 1)·8"):  # fmt: skip
            assert part in text
        written = [sweep.writes for sweep in screen.stepper.trace.sweeps]
        assert not any(screen.stepper.values.is_ready(name) for name in written)


async def test_what_a_change_takes_along_says_what_it_was(tmp_path: Path) -> None:
    async with walking(tmp_path) as (pilot, screen):
        screen.select("pool1")
        await pilot.press("w", "j", "j", "right")
        await pilot.pause()
        # A pool that has no stride of its own moves by its size.
        assert [(knob.text, knob.was) for knob in screen.state.what.knobs("pool1")[2:4]] == [
            ("4", "3"), ("4", "3"),
        ]  # fmt: skip
        assert screen.text().count("‹ 4 › was 3") == 2


async def test_what_was_wrong_goes_once_it_is_right_again(tmp_path: Path) -> None:
    async with walking(tmp_path) as (pilot, screen):
        screen.select("pool1")
        await pilot.press("w", "j", "j", "right")
        for key, told in (("0", "or more, not 0"), ("u", ""), ("u", "nothing to undo"), ("1", "")):
            await pilot.press(key)
            await pilot.pause()
            last = screen.text().splitlines()[-1]
            assert (told or "what if") in last


async def test_what_if_is_live_and_can_be_taken_back(tmp_path: Path) -> None:
    async with walking(tmp_path) as (pilot, screen):
        before = screen.text()
        await pilot.press("w", "1", "2")
        text = screen.text()
        assert "was 9" in text
        assert "1×12×12" in text
        assert "pool1 puts out 2×4×4 = 32 numbers" in text
        assert "✗ fc expects 18 features and gets 32, not 2×3×3" in text
        assert "✗ fc does not fit" in text
        await pilot.press("enter")
        assert pilot.app.screen is screen
        await pilot.press("u")
        assert not screen.state.what.is_changed
        await pilot.press("U", "x", "escape")
        assert not screen.state.what.is_changed
        assert screen.focused is screen.board.panels["table"]
        assert screen.text().splitlines()[:20] == before.splitlines()[:20]
        assert screen.stepper.network.input_shape == (1, 9, 9)


async def test_enter_steps_inside_the_changed_network(tmp_path: Path) -> None:
    async with walking(tmp_path) as (pilot, screen):
        await pilot.press("j", "w", "right", "right", "escape", "enter")
        inside = pilot.app.screen
        assert isinstance(inside, ForwardScreen)
        assert inside.stepper.network.input_shape == (1, 11, 11)
        assert inside.stepper.address(inside.step) == "relu1.forward[0,0,0,0]"
        assert screen.stepper.network.input_shape == (1, 9, 9)
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert screen.state.what.is_changed


async def test_enter_goes_back_to_the_stepper_below(tmp_path: Path) -> None:
    app = CnnsimApp(scenario(SMALL), 40, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        below = app.screen
        assert isinstance(below, ForwardScreen)
        await pilot.press("w")
        walk = app.screen
        assert isinstance(walk, WalkScreen)
        cell = below.stepper.trace.position(40).cell
        assert walk.state.unit() == cell[2:]
        await pilot.press("j", "enter")
        assert app.screen is below
        assert below.stepper.address(below.step) == "relu1.forward[0,0,0,0]"
        # From the picture: at the unit that is looked at.
        await pilot.press("w", "k", "r", "down", "right", "enter")
        assert app.screen is below
        assert below.stepper.trace.position(below.step).cell == (0, 0, 5, 5)


async def test_the_mouse_selects_points_and_turns(tmp_path: Path) -> None:
    async with walking(tmp_path) as (pilot, screen):
        rows = screen.text().splitlines()
        at = next(y for y, row in enumerate(rows) if "pool1 3×3" in row)
        await pilot.click(offset=(6, at))
        assert screen.state.selected == "pool1"
        at = next(y for y, row in enumerate(rows) if "conv1 3×3" in row)
        await pilot.click(offset=(6, at))
        picture = screen.board.panels["picture"]
        await pilot.click(picture, offset=(10, 7))
        first = screen.state.unit()
        await pilot.click(picture, offset=(22, 14))
        assert screen.state.unit() != first
        assert screen.focused is picture
        rows = screen.text().splitlines()
        y = next(y for y, row in enumerate(rows) if "filters" in row)
        await pilot.click(offset=(rows[y].index("›", rows[y].index("filters")), y))
        assert screen.state.what.changes == {("conv1", "filters"): 3}


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 60)])
async def test_every_panel_is_reached_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with walking(tmp_path, size=size, glyphs="ascii") as (pilot, screen):
        seen = []
        for _ in range(6):
            focused = screen.focused
            assert focused is not None
            assert focused.display
            seen.append(focused.id)
            text = screen.text()
            assert text.isascii()
            assert len(text.splitlines()) == size[1]
            await pilot.press("tab")
        expected = ["table", "picture", "why", "whatif", *(["maps"] if size[0] == 200 else [])]
        assert seen == (expected * 2)[:6]
        await pilot.press("shift+tab", "m")
        assert screen.focused is not None
        assert screen.focused.size.height >= size[1] - 4
        await pilot.press("m")
        if screen.focused is not screen.board.panels["table"]:
            await pilot.press("escape")
        await pilot.press("z", "end", "slash", "p", "o", "o", "enter", "y")
        assert screen.state.selected == "pool1"
        assert "pool1" in pilot.app.clipboard


async def test_enter_ends_a_number_and_steps_inside_only_then(tmp_path: Path) -> None:
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("w", "w", "8", "enter")
        assert isinstance(app.screen, WalkScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ForwardScreen)
