"""What the footer says: a sentence for its moment, else what goes on, else the keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from operator import attrgetter
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.widgets import bars
from cnnsim.tui.widgets.bars import Footer


class Bottom(App[None]):
    """Nothing but a footer."""

    palette, ascii, keys = DARK, False, {}

    def compose(self) -> ComposeResult:
        yield Footer("forward", lambda action: True, attrgetter("label"))


@pytest.fixture
async def bottom() -> AsyncIterator[tuple[Footer, Pilot[None]]]:
    async with Bottom().run_test(size=(120, 36)) as pilot:
        yield pilot.app.query_one(Footer), pilot


def line(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(Footer).render_lines(Region(0, 0, 120, 1))[0].text


class Training(Bottom):
    """The footer of one run that trains."""

    def compose(self) -> ComposeResult:
        yield Footer("train", lambda action: action != "run.next", attrgetter("label"))


async def test_the_keys_of_the_panels_are_named_while_a_run_trains() -> None:
    async with Training().run_test(size=(80, 24)) as pilot:
        footer = pilot.app.query_one(Footer)
        text = footer.render_lines(Region(0, 0, 80, 1))[0].text
    assert all(key in text for key in ("space pause", "0–9 panels", "? help", "q quit"))


async def test_a_sentence_outlives_what_went_on_meanwhile(bottom) -> None:
    footer, pilot = bottom
    footer.show_progress("computing conv2.forward 10% …")
    footer.say("no > 1e30 after this step")
    footer.show_progress("computing conv2.forward 90% …")
    assert "no > 1e30 after this step" in line(pilot)
    footer.show_progress("")
    assert "no > 1e30 after this step" in line(pilot)


async def test_a_sentence_that_is_too_long_says_that_it_goes_on(bottom) -> None:
    footer, pilot = bottom
    footer.say("word " * 40)
    assert re.fullmatch(r" (word )+(w|wo|wor|word)?…  \? help  q quit ", line(pilot))


async def test_after_its_moment_what_goes_on_is_seen_again(bottom, monkeypatch) -> None:
    footer, pilot = bottom
    keys = line(pilot)
    monkeypatch.setattr(bars, "_MOMENT", 0.01)
    footer.show_progress("computing conv2.forward 10% …")
    footer.say("saved")
    for _ in range(500):
        await pilot.pause(0.02)
        if "saved" not in line(pilot):
            break
    assert "computing conv2.forward 10% …" in line(pilot)
    footer.show_progress("")
    assert line(pilot) == keys


@pytest.mark.parametrize("keys", [("h", "l"), ("end", "n", "N"), ("H", "j", "L")])
async def test_a_key_that_moves_ends_what_was_said_of_the_step_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    monkeypatch.setattr(bars, "_MOMENT", 1000)
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        before = line(pilot)
        await pilot.press(*keys[:-1])
        await pilot.pause()
        assert line(pilot) != before
        await pilot.press(keys[-1])
        await pilot.pause()
        assert line(pilot) == before


async def test_a_sentence_is_not_ended_by_the_one_before(bottom, monkeypatch) -> None:
    footer, pilot = bottom
    monkeypatch.setattr(bars, "_MOMENT", 0.05)
    footer.say("first")
    monkeypatch.setattr(bars, "_MOMENT", 1000)
    footer.say("second")
    await pilot.pause(0.3)
    assert "second" in line(pilot)


async def test_that_there_are_no_gradients_is_said_in_the_smallest_terminal(tmp_path: Path) -> None:
    app = CnnsimApp(read_scenario("toy_2x2"), 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        await pilot.press("b")
        await pilot.pause()
        assert isinstance(app.screen, ForwardScreen)
        last = app.screen.text().splitlines()[-1]
        assert last.split("  ")[0] == " no [loss] or [output_grad]: no gradients"
