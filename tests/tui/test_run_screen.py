"""A run in the stepper: the last batch of an epoch is smaller, and is opened by itself."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.queries import every_step, find_step, parse_query
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import parse_address
from cnnsim.training.control import Control
from cnnsim.training.lengthening import lengthen_runs
from cnnsim.training.making import create_run
from cnnsim.training.opening import open_scenario
from cnnsim.training.run import open_run
from cnnsim.training.session import train_folder
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.screens.reload import FileWatch
from cnnsim.tui.train.scrubber import Scrubber, Wish

#: 1,437 pictures are three batches, the third of them of 237.
BATCH = 600


@pytest.fixture
def run(tmp_path: Path) -> Path:
    words = [f"training.batch={BATCH}", "training.epochs=2"]
    create_run(tmp_path / "run", read_scenario("digits_article", words), words)
    train_folder(tmp_path / "run", 1, "cpu", lambda event: None, Control())
    return tmp_path / "run"


async def shown(pilot: Pilot[None]) -> ForwardScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ForwardScreen)
    deadline = time.monotonic() + 60
    while not screen.is_showing:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    await pilot.pause()
    return screen


@pytest.mark.parametrize(
    ("at", "keys", "told"),
    [
        ("2:conv1.forward[0,0,0,0] tap[0,0,0]", ["left"], "iteration 1 has a batch of 600"),
        ("2:fc.update_b[9]", ["right"], "iteration 3 has a batch of 600 pictures, not 237"),
        ("1:fc.update_b[9]", ["right"], "iteration 2 has a batch of 237 pictures, not 600"),
        ("1:conv1.forward[0,0,0,0] tap[0,0,0]", ["end"], 'it opens by itself: cnnsim RUN --at "5:'),
        ("1:fc.update_b[9]", ["space"], "iteration 2 has a batch of 237 pictures, not 600"),
        ("1:fc.update_b[9]", ["slash", *"nan", "enter"], ""),
    ],
)
async def test_where_it_cannot_go_on_it_stays_and_says_so(
    run: Path, at: str, keys: list[str], told: str
) -> None:
    scenario = open_scenario(str(run), at=at)
    step = parse_address(scenario.trace, at)
    app = CnnsimApp(scenario, step, Config(), Marks(run / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        await pilot.press(*keys)
        deadline = time.monotonic() + 60
        while told not in screen.footer.render_lines(Region(0, 0, 120, 1))[0].text:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert screen.step == step
        assert screen.is_showing
        assert not screen._player.is_playing


def test_a_run_is_not_read_anew_when_it_gets_more_epochs(run: Path) -> None:
    watch = FileWatch(open_scenario(str(run), at="2:conv1"))
    lengthen_runs([open_run(run)], [5])
    assert watch.changed() is None


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_search_looks_at_no_update_before_its_range(run: Path, number: int) -> None:
    """The one before has a batch of another size."""
    at = f"{number}:conv1.forward[0,0,0,0] tap[0,0,0]"
    stepper = Stepper(open_scenario(str(run), at=at))
    first = stepper.find(at)
    hits = every_step(stepper, first, first + 99, parse_query("cell"))
    assert list(hits) == list(range(first + 8, first + 99, 9))
    assert find_step(stepper, len(stepper.trace) - 1, parse_query("cell"), True) is None
    assert find_step(stepper, 0, parse_query("cell"), False) is None


def test_the_slider_is_done_again_after_more_epochs(run: Path) -> None:
    events: SimpleQueue[dict[str, Any]] = SimpleQueue()
    scrubber = Scrubber(open_run(run), events.put)

    def until_done() -> list[str]:
        kinds = []
        while not kinds or kinds[-1] != "done":
            kinds.append(events.get(timeout=60)["kind"])
        return kinds

    scrubber.follow(6)
    scrubber.look(Wish(4))
    until_done()
    lengthen_runs([open_run(run)], [5])
    train_folder(run, 1, "cpu", lambda event: None, Control())
    scrubber.follow(15)
    assert "computing" in until_done()
    scrubber.close()


def test_the_slider_reaches_the_epochs_that_a_run_gets_meanwhile(run: Path) -> None:
    totals: list[int] = []
    scrubber = Scrubber(open_run(run), lambda event: None)

    def total() -> int:
        heard = threading.Event()
        scrubber.do(lambda history: (totals.append(history.total), heard.set()))
        assert heard.wait(60)
        return totals[-1]

    assert total() == 6
    lengthen_runs([open_run(run)], [5])
    assert total() == 15
    scrubber.close()
