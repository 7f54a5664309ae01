"""Leading a run from the training screen, with nobody who trains it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region

from cnnsim.scenario.reader import read_scenario
from cnnsim.training.making import create_run
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens import train
from cnnsim.tui.screens.train import TrainScreen

GOES = {"kind": "progress", "iteration": 5, "iterations": 500, "loss": 0.5, "rate": 0.01,
        "images_per_second": 1600.0}  # fmt: skip


class Silent:
    """Somebody who trains, and says only what a test lets him say."""

    def __init__(self) -> None:
        self.coming: list[dict[str, Any]] = [GOES]
        self.heard: list[str] = []

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def news(self) -> list[dict[str, Any]]:
        coming, self.coming = self.coming, []
        return coming

    def tell(self, message: dict[str, Any]) -> None:
        self.heard += [message["ask"]] if "ask" in message else []


WHY = "the pictures could not be downloaded: train-images-idx3-ubyte.gz: no connection to a.b.org"
HINT = "put its four idx files into a folder and name it: --set data.source=FOLDER"


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 16)])
async def test_why_a_run_failed_can_be_read_and_space_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(train, "Trainer", lambda run: again)
    source, again = Silent(), Silent()
    source.coming = [{"kind": "error", "message": WHY, "hint": HINT}]
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=size) as pilot:
        app.push_screen(screen := TrainScreen([run], [source], True))
        while screen.view.state != "failed":
            await pilot.pause(0.05)
        await pilot.pause()
        lines = screen.text().splitlines()
        assert lines[-1].startswith(" space try again")
        inside = " ".join(line.strip(" │") for line in lines[4:]).replace("- ", "-")
        assert f"{WHY}; {HINT}" in inside
        await pilot.press("space")
        while screen.view.state != "running":
            await pilot.pause(0.05)
        await pilot.pause()
        assert "loss" in screen.text()
        assert screen.text().splitlines()[-1].startswith(" space pause")
        again.coming = [{"kind": "epoch", "epoch": 1, "train_loss": 2.0, "test_loss": 2.0,
                         "test_accuracy": 0.5}, {"kind": "error", "message": WHY}]  # fmt: skip
        while screen.view.state != "failed":
            await pilot.pause(0.05)
        await pilot.pause()
        # The curves stay, and the log with the reason is on top.
        assert "1 loss" in screen.text()
        assert "could not be" in screen.text()


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 16)])
async def test_every_parameter_is_named_where_one_is_asked_for(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=size) as pilot:
        app.push_screen(TrainScreen([run], [Silent()], True))
        await pilot.pause()
        await pilot.press("w")
        await pilot.pause()
        hint = app.screen.query_one(".hint")
        assert app.screen.region.contains_region(hint.region)
        lines = hint.render_lines(Region(0, 0, *hint.size))
        names = ", ".join(slot.name for slot in run.iteration.slots)
        assert " ".join(line.text.strip() for line in lines) == f"a number of {names}"


async def test_two_quick_presses_go_on_and_a_paused_run_is_not_said_to_train(
    tmp_path: Path,
) -> None:
    source = Silent()
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(screen := TrainScreen([run], [source], True))
        while screen.view.state != "running":
            await pilot.pause(0.05)
        await pilot.press("space", "space")
        assert source.heard == ["pause", "continue"]
        source.coming = [{"kind": "paused"}, GOES]
        await pilot.pause(0.3)
        await pilot.press("space")
        assert source.heard == ["pause", "continue", "pause"]
        assert " space pause  " in screen.text()
        source.coming = [{"kind": "paused"}]
        while screen.view.state != "paused":
            await pilot.pause(0.05)
        assert " space go on  " in screen.text()
        await pilot.press("escape")
        await pilot.pause()
        [told] = [notification.message for notification in app._notifications]
        assert told == "digits_cnn is paused: t comes back to it"


MISTAKES = {"kind": "snapshot", "tested": {
    "iteration": 5, "names": ["0", "1"], "confusion": [[1, 1], [1, 1]], "pictures": 4, "right": 2,
    "mistakes": [{"picture": 0, "class": 0, "guess": 1, "share": 0.1},
                 {"picture": 1, "class": 1, "guess": 0, "share": 0.2}]}}  # fmt: skip


async def test_no_mistake_is_chosen_or_opened_that_is_not_on_the_screen(tmp_path: Path) -> None:
    source = Silent()
    run = create_run(tmp_path / "run", read_scenario("digits_cnn"))
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(screen := TrainScreen([run], [source], True))
        source.coming = [GOES, MISTAKES]
        while screen.scene().pictures is None:
            await pilot.pause(0.05)
        # Another panel alone, which has nothing to open.
        await pilot.press("0", "tab", "enter", "j")
        await pilot.pause()
        assert "5 shows the mistakes" in screen.text()
        assert (source.heard, screen.scene().mistake) == ([], 0)
        # The mistakes alone, and a panel beside them.
        for keys, chosen in ((("5", "j", "enter"), 1), (("escape", "shift+tab", "j", "enter"), 0)):
            await pilot.press(*keys)
            await pilot.pause()
            assert (source.heard, screen.scene().mistake) == (["pause"], chosen)
            source.heard.clear()
