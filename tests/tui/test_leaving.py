"""Escape where work would be lost: the first one says so, the second one leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cnnsim.scenario.reader import read_scenario
from cnnsim.training.control import Control
from cnnsim.training.making import create_run
from cnnsim.training.run import open_run
from cnnsim.training.session import train_folder
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.pad.padnet import PadNet
from cnnsim.tui.screens.draw import DrawScreen
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.train.opened import stepper_on, trained_scenario

#: What is done on a screen, what is said of it, and how it is kept.
EDITS = (("e", "9", "enter"), "your edits will be lost: R and R again saves them",
         ("R", "R", *"mine", "enter"))  # fmt: skip
CHANGES = (("w", "w", "right", "escape"), "what you changed will be lost: y copies the table",
           ("y",))  # fmt: skip
DRAWING = (("space", "down"), "your drawing will be lost: s saves the screen", ("s",))

every_work = pytest.mark.parametrize(
    "work", [EDITS, CHANGES, DRAWING], ids=["edits", "changes", "drawing"]
)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> PadNet:
    folder = tmp_path_factory.mktemp("pad") / "run"
    words = ["training.batch=1200", "training.epochs=1"]
    create_run(folder, read_scenario("digits_article", words), words)
    train_folder(folder, 1, "cpu", lambda event: None, Control())
    return PadNet(folder)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def said(pilot: Pilot[Any]) -> list[str]:
    return [note.message for note in pilot.app._notifications]


@asynccontextmanager
async def worked(work: Any, net: PadNet) -> AsyncIterator[Pilot[Any]]:
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        if work is DRAWING:
            app.push_screen(DrawScreen(net))
            await pilot.pause()
        await press(pilot, *work[0])
        yield pilot


@every_work
async def test_the_first_escape_says_what_would_be_lost_and_the_second_leaves(work, net) -> None:
    async with worked(work, net) as pilot:
        screen, below = pilot.app.screen, pilot.app.screen_stack[-2]
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert said(pilot) == [f"{work[1]}; esc again leaves"]
        await press(pilot, "escape")
        assert pilot.app.screen is below
        assert not said(pilot)


@every_work
@pytest.mark.parametrize("other", ["z", "T", "click", "dialog"])
async def test_anything_else_withdraws_the_question(work, net, other: str) -> None:
    async with worked(work, net) as pilot:
        screen = pilot.app.screen
        await press(pilot, "escape")
        if other == "click":
            await pilot.click(offset=(1, 1))
        elif other == "dialog":
            await press(pilot, "question_mark", "question_mark")
        else:
            await press(pilot, other)
        assert f"{work[1]}; esc again leaves" not in said(pilot)
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert f"{work[1]}; esc again leaves" in said(pilot)


@every_work
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "undone"])
async def test_nothing_is_asked_where_nothing_would_be_lost(
    work, net, is_kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async with worked(work, net) as pilot:
        below = pilot.app.screen_stack[-2]
        await press(pilot, *(work[2] if is_kept else "u"))
        await press(pilot, "escape")
        assert pilot.app.screen is below


@every_work
@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_the_first_quit_says_what_would_be_lost_and_the_second_quits(
    work, net, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    async with worked(work, net) as pilot:
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        await press(pilot, key)
        assert (codes, said(pilot)) == ([], [f"{work[1]}; once more quits"])
        await press(pilot, "z", key)
        assert codes == []
        await press(pilot, key)
        assert codes == [0]


async def test_a_question_that_was_asked_in_a_dialog_ends_with_it(
    net, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    async with worked(EDITS, net) as pilot:
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        await press(pilot, "g", "ctrl+c", "escape", "q")
        assert codes == []


@every_work
@pytest.mark.parametrize("dialog", ["question_mark", "ctrl+p"])
async def test_ctrl_c_in_a_dialog_says_it_too(
    work, net, dialog: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    async with worked(work, net) as pilot:
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        await press(pilot, dialog, "ctrl+c")
        assert (codes, said(pilot)) == ([], [f"{work[1]}; once more quits"])
        await press(pilot, "ctrl+c")
        assert codes == [0]


async def test_ctrl_c_in_a_dialog_asks_about_a_recording_and_quits_from_that_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes: list[int] = []
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(app, "exit", codes.append)
        await press(pilot, "R", "right", "g", "ctrl+c")
        question = app.screen.query(Static).first()
        assert str(question.render()) == "save the recording as a scenario"
        await press(pilot, "escape", "ctrl+c")
        assert codes == []
        await press(pilot, "ctrl+c")
        assert codes == [0]


async def test_quitting_asks_for_the_work_of_screens_below(
    net, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    async with worked(EDITS, net) as pilot:
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        await press(pilot, "w", "q")
        assert (codes, said(pilot)) == ([], [f"{EDITS[1]}; once more quits"])
        await press(pilot, "q")
        assert codes == [0]


async def test_all_that_quitting_loses_is_said(net, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    async with worked(EDITS, net) as pilot:
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        pilot.app.push_screen(DrawScreen(net))
        await pilot.pause()
        await press(pilot, *DRAWING[0], "q")
        assert said(pilot) == ["your edits and your drawing will be lost; once more quits"]
        await press(pilot, "q")
        assert codes == [0]


async def test_who_was_asked_about_one_way_out_has_not_taken_another(
    net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quitting loses what the screens below hold, too."""
    codes: list[int] = []
    async with worked(DRAWING, net) as pilot:
        screen = pilot.app.screen
        monkeypatch.setattr(pilot.app, "exit", codes.append)
        for key, again in (("escape", "esc again leaves"), ("q", "once more quits")) * 2:
            await press(pilot, key)
            assert said(pilot) == [f"{DRAWING[1]}; {again}"]
        assert (pilot.app.screen, codes) == (screen, [])


async def test_the_way_back_to_how_a_run_was_trained_asks_too(net) -> None:
    run = open_run(net.folder)
    app = CnnsimApp(None, 0, Config(), Marks(), [run])
    async with app.run_test(size=(80, 24)) as pilot:
        training = app.screen
        stepper = stepper_on(trained_scenario(run), np.zeros((1, 8, 8)), 0)
        app.push_screen(ForwardScreen(stepper))
        await press(pilot, *EDITS[0], "t")
        assert said(pilot) == ["your edits will be lost; once more goes back"]
        await press(pilot, "escape", "t")
        assert app.screen is not training
        await press(pilot, "t")
        assert app.screen is training


async def test_edits_outlast_the_shape_walk_which_asks_nothing(net) -> None:
    async with worked(EDITS, net) as pilot:
        stepper = pilot.app.screen
        await press(pilot, "w", "escape")
        assert pilot.app.screen is stepper
        assert not said(pilot)


@pytest.mark.parametrize("keys", [("x", "u"), ("space", "down", "u"), ("r", "u")])
async def test_a_test_picture_is_itself_again_after_undo_and_nothing_to_lose(net, keys) -> None:
    app = CnnsimApp(None, 0, Config(), Marks())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = DrawScreen(net)
        app.push_screen(screen)
        await pilot.pause()
        await press(pilot, "r")
        brought = screen.sheet.brought
        assert brought is not None
        assert brought.words in screen.text()
        await press(pilot, *keys)
        assert brought.words in screen.text()
        assert screen._picture is brought.picture
        await press(pilot, "escape")
        assert app.screen is not screen


async def test_a_pen_that_is_down_draws_on_a_test_picture(net) -> None:
    """It is one's own then, and undo gives the picture back."""
    app = CnnsimApp(None, 0, Config(), Marks())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = DrawScreen(net)
        app.push_screen(screen)
        await pilot.pause()
        await press(pilot, "space", "r")
        brought = screen.sheet.brought
        await press(pilot, "down", "down")
        assert screen.sheet.brought is None
        await press(pilot, "u")
        assert screen.sheet.brought is brought
