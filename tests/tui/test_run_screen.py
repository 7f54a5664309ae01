"""A run in the stepper: the last batch of an epoch is smaller."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from cnnsim.tui.screens.filewatch import FileWatch
from cnnsim.tui.screens.forward import ForwardScreen
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


@asynccontextmanager
async def opened(run: Path, at: str) -> AsyncIterator[Pilot[None]]:
    scenario = open_scenario(str(run), at=at)
    step = parse_address(scenario.trace, at)
    app = CnnsimApp(scenario, step, Config(), Marks(run / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await shown(pilot)
        yield pilot


def footer_of(screen: ForwardScreen) -> str:
    return screen.footer.render_lines(Region(0, 0, 120, 1))[0].text


@pytest.mark.parametrize(
    ("at", "keys", "there", "size"),
    [
        ("2:conv1.forward[0,0,0,0] tap[0,0,0]", ["left"], "1:fc.update_b[9]", 600),
        ("2:fc.update_b[9]", ["right"], "3:conv1.forward[0,0,0,0] tap[0,0,0]", 600),
        ("1:fc.update_b[9]", ["right"], "2:conv1.forward[0,0,0,0] tap[0,0,0]", 237),
        ("1:conv1.forward[0,0,0,0] tap[0,0,0]", ["end"], "5:fc.update_b[9]", 237),
        ("5:fc.update_b[9]", ["home"], "0:conv1.forward[0,0,0,0] tap[0,0,0]", 600),
        ("1:fc.update_b[9]", ["right", "left"], "1:fc.update_b[9]", 600),
        ("1:fc.update_b[9]", ["g", *"2:conv1.forward[236,3,5,4]", "enter"],
         "2:conv1.forward[236,3,5,4] tap[0,2,2]", 237),
        ("2:fc.update_b[9]", ["g", *"4:conv1.forward[599,0,0,0]", "enter"],
         "4:conv1.forward[599,0,0,0] tap[0,2,2]", 600),
    ],
)  # fmt: skip
async def test_it_goes_on_into_batches_of_another_size(
    run: Path, at: str, keys: list[str], there: str, size: int
) -> None:
    async with opened(run, at) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        screen = await shown(pilot)
        assert screen.view is not None
        assert screen.view.reading.address == there
        assert f"a batch of {size} pictures" in footer_of(screen)
        # Whoever opens that update at once sees the same.
        alone = Stepper(open_scenario(str(run), at=there))
        assert screen.view.reading == alone.read(alone.find(there))


async def test_updates_that_are_still_to_be_done_are_said_to_be(run: Path) -> None:
    """And their numbers are those that training comes to."""
    lengthen_runs([open_run(run)], [3])
    async with opened(run, "5:conv1") as pilot:
        assert not pilot.app._notifications
        await pilot.press("g", *"7:fc.forward[0,0]", "enter")
        screen = await shown(pilot)
        assert screen.view is not None
        (said,) = pilot.app._notifications
        assert said.message.startswith("update 7 lies beyond the 6 updates that this run has saved")
        early = screen.view.reading
        # Who has been told is not told of each.
        await pilot.press("g", *"8:fc", "enter")
        await shown(pilot)
        assert not pilot.app._notifications
    train_folder(run, 1, "cpu", lambda event: None, Control())
    async with opened(run, "7:fc.forward[0,0]") as pilot:
        screen = await shown(pilot)
        assert not pilot.app._notifications
        assert screen.view is not None
        assert screen.view.reading == early


async def test_what_is_beyond_the_smaller_batch_is_refused(run: Path) -> None:
    async with opened(run, "1:fc.update_b[9]") as pilot:
        screen = await shown(pilot)
        await pilot.press("g", *"2:conv1.forward[237,0,0,0]", "enter")
        await pilot.pause()
        assert pilot.app.screen is not screen
        lines = pilot.app.screen._compositor.render_strips()
        assert "n runs from 0 to 236" in "\n".join(strip.text for strip in lines)


@pytest.mark.parametrize(
    ("key", "told"), [("R", "cannot be recorded"), ("a", "cannot be recorded"), ("e", "be edited")]
)
async def test_a_run_is_neither_recorded_nor_edited(run: Path, key: str, told: str) -> None:
    async with opened(run, "1:conv1") as pilot:
        screen = await shown(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert pilot.app.screen is screen
        (said,) = pilot.app._notifications
        assert told in said.message
        assert screen._recorder.recording is None


async def test_playing_goes_on_into_batches_of_another_size(run: Path) -> None:
    async with opened(run, "1:fc.update_b[7]") as pilot:
        screen = await shown(pilot)
        await pilot.press("space")
        deadline = time.monotonic() + 60
        while screen.stepper.trace.position(screen.step).iteration == 1:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert screen.stepper.shapes["input"][0] == 237
        assert screen._player.is_playing


async def test_a_search_stays_among_batches_of_one_size(run: Path) -> None:
    async with opened(run, "1:fc.update_b[9]") as pilot:
        screen = await shown(pilot)
        await pilot.press("slash", *"largest", "enter")
        deadline = time.monotonic() + 60
        while pilot.app.screen is not screen or not screen.is_showing:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert screen.stepper.trace.position(screen.step).iteration == 3


@pytest.mark.parametrize("text", ["last", "50%", "0:mac 12", "step 1"])
async def test_every_form_of_an_address_is_gone_to(run: Path, text: str) -> None:
    async with opened(run, "2:conv1.forward[0,0,0,0]") as pilot:
        stepper = (await shown(pilot)).stepper
        expected, step = stepper.reopened(stepper.find(text))
        await pilot.press("g", *text, "enter")
        screen = await shown(pilot)
        assert screen.stepper.address(screen.step) == expected.address(step)


@pytest.mark.parametrize("text", ["loss.forward[]", "fc", "mac 12"])
async def test_an_address_without_an_update_is_one_of_this_update(run: Path, text: str) -> None:
    async with opened(run, "2:conv1.forward[0,0,0,0]") as pilot:
        await shown(pilot)
        await pilot.press("g", *text, "enter")
        screen = await shown(pilot)
        stepper = screen.stepper
        assert stepper.address(screen.step) == stepper.address(stepper.find(f"2:{text}"))


async def test_a_guess_does_not_leave_the_batch(run: Path) -> None:
    async with opened(run, "1:fc.update_b[9]") as pilot:
        screen = await shown(pilot)
        await pilot.press("p")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "step into it first" in footer_of(screen)


async def test_the_last_step_of_a_run_is_where_the_app_may_begin(run: Path) -> None:
    scenario = open_scenario(str(run), at="last")
    step = parse_address(scenario.trace, "last")
    app = CnnsimApp(scenario, step, Config(), Marks(run / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot)
        assert screen.view is not None
        assert screen.view.reading.address == "5:fc.update_b[9]"
        mark = app.marks.get(str(screen.key))
        assert mark is not None
        assert (mark.step, mark.steps) == (5, 6)


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
