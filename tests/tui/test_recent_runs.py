"""Runs among what was open last: they are called by their folder and open where one was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from texts import DENSE
from textual.pilot import Pilot

from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import parse_address
from cnnsim.training.control import Control
from cnnsim.training.making import create_run
from cnnsim.training.opening import open_scenario
from cnnsim.training.session import train_folder
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks, scenario_key
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.screens.home import HomeScreen
from cnnsim.tui.train.opened import stepper_on

#: In the second iteration, after the first update.
AT = "1:fc.forward[0,1] tap[7]"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    create_run(folder, parse_scenario("dense", DENSE))
    train_folder(folder, 1, "cpu", lambda event: None, Control())
    return folder


def stepping(app: CnnsimApp) -> ForwardScreen:
    assert isinstance(app.screen, ForwardScreen)
    return app.screen


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        await pilot.pause(0.05)
    raise AssertionError("it never came")


def test_a_run_is_remembered_by_its_folder(run: Path) -> None:
    assert scenario_key(open_scenario(str(run), at=AT)) == str(run)
    assert scenario_key(open_scenario(str(run / "scenario.toml"))) == str(run / "scenario.toml")


async def test_r_opens_a_run_again_at_its_iteration(run: Path, tmp_path: Path) -> None:
    scenario = open_scenario(str(run), at=AT)
    marks = Marks(tmp_path / "marks.json")
    step = parse_address(scenario.trace, AT)
    app = CnnsimApp(scenario, step, Config(), marks)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: stepping(app).is_showing)
        reading = stepping(app).stepper.read(step)
    marks.save()

    app = CnnsimApp(None, 0, Config(), Marks(marks.path))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("shift+tab")
        home = app.screen
        assert isinstance(home, HomeScreen)
        row = home.chosen_row()
        assert row is not None
        assert (row.name, row.text) == ("mine", AT)
        # The address is in iteration 1: that is no step, as of a scenario.
        assert row.numbers == ("update 1",)
        await until(pilot, lambda: "A dense layer for digits" in home.text())
        await pilot.press("r")
        await until(pilot, lambda: stepping(app).is_showing)
        screen = stepping(app)
        assert screen.stepper.scenario.course is not None
        assert screen.step == step
        assert screen.stepper.read(step) == reading


async def test_a_picture_of_ones_own_is_not_listed(run: Path, tmp_path: Path) -> None:
    scenario = open_scenario(str(run / "scenario.toml"))
    given = Stepper(scenario).values["input"][0]
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(ForwardScreen(stepper_on(scenario, given, 1)))
        await until(pilot, lambda: stepping(app).is_showing)
        await pilot.press("right")
        assert stepping(app).step == 1
        assert not app.marks.recent()
