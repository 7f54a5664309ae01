"""The home screen without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from alone import Alone

from cnnsim.scenario.catalogue import catalogue
from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.home.listing import ListRow
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.home import HomeScreen
from cnnsim.tui.widgets.listpanel import ListPanel

LESSONS = sum(entry.type == "lesson" for entry in catalogue())


@pytest.mark.parametrize(("width", "height"), [(60, 16), (64, 20), (80, 24)])
async def test_frames_are_whole_and_a_filter_forgets_no_lesson(
    tmp_path: Path, width: int, height: int
) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put("toy_2x2", 15, "conv1.forward[0,0,1,1] tap[0,1,1]", 16)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(width, height)) as pilot:
        for keys in ((), ("j",), ("slash", *"alex", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            assert isinstance(app.screen, BaseScreen)
            first, *lines = app.screen.text().splitlines()[:-1]
            assert f"1 of {LESSONS} lessons done" in first or first.endswith("esc shows all")
            assert "0 of" not in first
            assert {line[-1] for line in lines} <= set("╮│╯")


@pytest.mark.parametrize(
    ("width", "first", "resume"),
    [
        (60, "▸ enter from step 0 ", "r resume at conv1 "),
        (66, "▸ enter from the first step ", "r resume at conv1.forward "),
        (80, "▸ enter from the first step ", "r resume at conv1.forward[0,0,1,1] "),
        (120, "▸ enter from the first step ", "r resume at conv1.forward[0,0,1,1] tap[0,1,1] "),
    ],
)
async def test_what_enter_and_r_do_is_whole(
    tmp_path: Path, width: int, first: str, resume: str
) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put("toy_2x2", 15, "conv1.forward[0,0,1,1] tap[0,1,1]", 16)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(width, 16)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        shown = app.screen.text()
        assert first in shown
        assert resume in shown
        await pilot.press("tab")
        await pilot.pause()
        assert ("digits_article_tr… " in app.screen.text()) == (width < 120)


async def test_a_rebound_key_is_told_by_the_palette_and_by_help(tmp_path: Path) -> None:
    config = Config(keys={"open": "Z", "help": "Y"})
    app = CnnsimApp(None, 0, config, Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("Y")
        await pilot.pause()
        told = [str(part.render()) for part in app.screen.query("Static")]
        assert told[-1].strip() == "Y closes"
        await pilot.press("Y")
        await pilot.pause()
        assert isinstance(app.screen, BaseScreen)


def chosen(app: CnnsimApp) -> str:
    """The name over the preview."""
    assert isinstance(app.screen, HomeScreen)
    row = app.screen.chosen_row()
    assert row is not None
    assert f"─ {row.name} ─" in app.screen.text()
    return row.name


async def test_the_chosen_entry_stays_chosen_when_a_filter_comes_and_goes(tmp_path: Path) -> None:
    app = CnnsimApp(None, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"conv", "enter", "j")
        await pilot.pause()
        assert chosen(app) == "dense_is_conv"
        for keys in (("escape",), ("slash", *"is_", "enter"), ("slash", *"conv", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            assert chosen(app) == "dense_is_conv"
        # One that is shown in place of what a word hides is the chosen one afterwards too.
        await pilot.press("slash", *"lenet5", "enter", "escape")
        await pilot.pause()
        assert chosen(app) == "lenet5"


@pytest.mark.parametrize("source", ["sobel", "lenet5", "mine.toml"])
@pytest.mark.parametrize(("width", "height"), [(60, 16), (80, 24), (120, 36)])
async def test_what_was_open_is_chosen_and_every_list_is_in_reach(
    tmp_path: Path, source: str, width: int, height: int
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "mine"\n[input]\nvalues = [[1]]\n[[layers]]\ntype = "relu"\nname = "soft"\n'
    )
    scenario = read_scenario(str(path) if source == path.name else source)
    app = CnnsimApp(scenario, 0, Config(), Marks(tmp_path / "marks.json"))
    async with app.run_test(size=(width, height)) as pilot:
        while not app.marks.recent():
            await pilot.pause(0.05)
        await pilot.press("escape")
        await pilot.pause()
        assert chosen(app) == source
        found = []
        for _ in range(3):
            await pilot.press("tab")
            await pilot.pause()
            found.append(chosen(app))
        # The first of each list, what was opened among them.
        assert set(found) == {"toy_2x2", "digits_article", source}
        await pilot.press("enter")
        await pilot.pause()
        assert not isinstance(app.screen, HomeScreen)


async def test_the_names_of_lists_in_one_place_can_be_clicked(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put("lenet5", 15, "conv1.forward[0,0,1,1] tap[0,1,1]", 436_066)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for name, first in (("recent", "lenet5"), ("networks", "digits_article")):
            assert isinstance(app.screen, HomeScreen)
            lines = app.screen.text().splitlines()
            y = next(y for y, line in enumerate(lines) if "networks │ recent" in line)
            await pilot.click(offset=(lines[y].index(name), y))
            await pilot.pause()
            assert chosen(app) == first


async def test_a_list_in_which_nothing_holds_the_word_says_so(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put("toy_2x2", 15, "conv1.forward[0,0,1,1] tap[0,1,1]", 16)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("slash", *"lenet", "enter")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        shown = app.screen.text()
        assert "│ No lesson holds that: esc. " in shown
        assert "│ No recent one holds that: esc. " in shown


async def test_a_word_that_only_a_recent_file_holds_is_taken(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "marks.json")
    marks.put(f"{tmp_path}/quince.toml", 0, "soft.forward[0,0] tap[0]", 4)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("slash", *"quin", "enter")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        assert [[row.name for row in rows] for rows in app.screen.rows()] == [
            [],
            [],
            ["quince.toml"],
        ]
        assert chosen(app) == "quince.toml"
        # Words that no list holds are refused, and the file counts among what was looked through.
        await pilot.press("slash", *"zzz", "enter")
        await pilot.pause()
        told = [str(part.render()) for part in app.screen.query("#meaning")]
        assert told == [f"✗ none of the {len(catalogue()) + 1} scenarios holds 'zzz'"]


async def test_a_file_that_is_still_being_read_is_the_chosen_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HomeScreen, "_load", lambda *_: None)
    marks = Marks(tmp_path / "marks.json")
    marks.put(f"{tmp_path}/quince.toml", 0, "soft.forward[0,0] tap[0]", 4)
    app = CnnsimApp(None, 0, Config(), marks)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("shift+tab")
        await pilot.pause()
        assert chosen(app) == "quince.toml"
        assert isinstance(app.screen, HomeScreen)
        shown = app.screen.text()
        assert "Nothing is chosen" not in shown
        assert "r resume at soft.forward[0,0] tap[0] " in shown


async def test_a_title_stands_for_its_words_or_not_at_all() -> None:
    """It is whole, ends where a clause does, or is cut after several words."""
    titles = ("Zeros against ones on MNIST", "Padding, stride, dilation: how large the output is")
    panel = ListPanel("networks", "steps", id="list")
    seen = set()
    async with Alone(panel).run_test(size=(80, 6)):
        panel.show([ListRow(t, "", "mnist_zeros_ones", t, ("2.94 M",)) for t in titles], 0, "")
        for width in range(40, 110):
            panel.paint(canvas := Canvas(width, 6, DARK.base))
            for title, line in zip(titles, (canvas.lines()[1], canvas.lines()[3]), strict=True):
                text = line.strip("│▐ ").removeprefix("▸ ").removeprefix("mnist_zeros_ones")
                text = text.replace("2.94 M", "").strip("… ")
                seen.add(text)
                assert title.startswith(text)
                assert text in ("", title) or len(text.split()) > 1 or title[len(text)] == ","
    assert {"", *titles, "Padding", "Padding, stride", "Padding, stride, dilation"} <= seen
