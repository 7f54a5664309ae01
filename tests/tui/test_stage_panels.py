"""The stepper's panels of words: what they say can be read in full, inside their frames."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alone import Alone
from networks import scenario
from texts import dense, layer
from views import view_of

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.gradcheck import checkable
from cnnsim.stepper.line import SlopeCheck
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.stage import stage
from cnnsim.tui.stage.names import read_name
from cnnsim.tui.stage.narrate import narrate
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.update import update_of
from cnnsim.tui.widgets.checkpanel import CheckPanel
from cnnsim.tui.widgets.growthpanel import GrowthPanel
from cnnsim.tui.widgets.loopspanel import LoopsPanel
from cnnsim.tui.widgets.notepanel import NotePanel
from cnnsim.tui.widgets.originpanel import OriginPanel
from cnnsim.tui.widgets.panel import Panel
from cnnsim.tui.widgets.sumpanel import SumPanel
from cnnsim.tui.widgets.updatepanel import UpdatePanel

ADAM = f"""
[input]
values = [[[1, -6], [5, -3]]]
{dense(2)}
[output_grad]
ones = true
[training]
optimizer = "adam"
iterations = 1
"""

WIDE = f"""
[input]
values = [[[1, 2]]]
{dense(1024)}
"""

#: What the check gets in terminals of 100x30, 120x36 and 200x50.
SIZES = [(26, 8), (31, 9), (52, 12)]


def drawn(panel: Panel, width: int, height: int) -> list[str]:
    """The lines of a panel of that size."""
    canvas = Canvas(width, height, DARK.base)
    panel.paint(canvas)
    return canvas.lines()


def inside(lines: list[str]) -> str:
    """What stands in the frame, which is whole."""
    assert lines[0][0] + lines[0][-1] + lines[-1][0] + lines[-1][-1] == "╭╮╰╯"
    for line in lines[1:-1]:
        assert line[0] == line[-1] == "│", "\n".join(lines)
        assert line[-2] == " ", "\n".join(lines)
    return " ".join(line[1:-1] for line in lines[1:-1])


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_why_there_is_no_check_is_read_in_full(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "_MOST_STEPS_CHECKED", 0)
    stepper = Stepper(read_scenario("backprop_toy"))
    stepper.values.compute_all()
    gradients = checkable(stepper.scenario.iteration)
    sweep = next(sweep for sweep in stepper.trace.sweeps if sweep.writes in gradients)
    view = view_of(stepper, sweep.full_name)
    panel = CheckPanel(id="check")
    async with Alone(panel).run_test(size=(width, height)):
        entry, check, why = Stage(stepper).check(view)
        assert check is None
        assert "cnnsim gradcheck" in why
        panel.show(entry, check, why)
        assert inside(drawn(panel, width, height)).split() == [entry, *why.split()]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (SlopeCheck(0.5, 0.25, 0.0, True), "kink: the difference says nothing here"),
        (SlopeCheck(-1 / 3, -1 / 3, 1e-9, False), "✓ agree"),
        (SlopeCheck(0.5, 0.25, 0.5, False), "✗ they differ"),
    ],
)
async def test_the_verdict_of_a_check_is_read_in_full(
    width: int, height: int, check: SlopeCheck, verdict: str
) -> None:
    panel = CheckPanel(id="check")
    async with Alone(panel).run_test(size=(width, height)):
        panel.show("conv1.dw[0,0,1,1]", check, "")
        words = inside(drawn(panel, width, height)).split()
        assert words[-len(verdict.split()) :] == verdict.split()
        assert words[0] == "conv1.dw[0,0,1,1]"


@pytest.mark.parametrize("name", ["toy_2x2", "pooling", "backprop_toy"])
async def test_no_panel_of_words_writes_over_its_frame(name: str) -> None:
    stepper = Stepper(read_scenario(name))
    stepper.values.compute_all()
    at_hand = Stage(stepper)
    update = UpdatePanel(id="update")
    panels = (
        NotePanel(id="note"), LoopsPanel(id="loops"), OriginPanel(id="origin"),
        CheckPanel(id="check"), update, GrowthPanel(id="growth"),
    )  # fmt: skip
    note, loops, origin, check, _, growth = panels
    sizes = [(width, height) for width in (24, 28, 31, 40, 52, 76) for height in (7, 9, 16)]
    for panel in panels:
        async with Alone(panel).run_test(size=(40, 9)):
            for sweep in stepper.trace.sweeps:
                view = view_of(stepper, sweep.full_name)
                names = tuple(
                    read_name(stepper.network, view.sweep, place, read)
                    for place, read in enumerate(view.reading.reads)
                )
                note.show(view, narrate(at_hand, view))
                loops.show(view, None, names)
                origin.show(view, names)
                check.show(*at_hand.check(view))
                update.show(update_of(stepper, view, 9))
                growth.show(view)
                for width, height in sizes:
                    inside(drawn(panel, width, height))


@pytest.mark.parametrize(("width", "height"), [(60, 3), (80, 4), (80, 8), (120, 9)])
async def test_what_an_update_computes_is_seen_whatever_its_formula_takes(
    width: int, height: int
) -> None:
    """Adam's is the longest; it may be cut, and what comes out may not."""
    stepper = Stepper(scenario(ADAM))
    stepper.values.compute_all()
    total, update = SumPanel(id="sum"), UpdatePanel(id="update")
    for panel in (total, update):
        async with Alone(panel).run_test(size=(width, height)):
            for sweep in stepper.trace.sweeps[-6:]:
                step = stepper.trace.first_step(stepper.trace.sweeps.index(sweep))
                view = view_of(stepper, step)
                after = number(view.reading.after)
                letters = tuple(read.tensor.rpartition(".")[2] for read in view.reading.reads)
                total.show(view, letters)
                update.show(update_of(stepper, view, update.columns))
                text = inside(drawn(panel, width, height))
                assert "-" not in text
                if panel is total or sweep.name.startswith("update"):
                    assert f" {after} " in text


@pytest.mark.parametrize(("stops", "words"), [(1, "1 note"), (2, "2 notes")])
async def test_the_notes_of_a_tour_are_counted(stops: int, words: str) -> None:
    view = replace(view_of(Stepper(read_scenario("toy_2x2")), 1), stop=None, stops=stops)
    panel = NotePanel(id="note")
    async with Alone(panel).run_test(size=(60, 9)):
        panel.show(view, [])
        assert f" {words} " in drawn(panel, 60, 9)[0]


@pytest.mark.parametrize(
    ("scenario", "at", "head"),
    [
        # A ledger's first running sum has the bias in it, which no column shows.
        ("conv_layer", "tied.forward[0,0,0,0] tap[2,1,1]", "b + Σ x·w,  b = 1 ─"),
        ("conv_layer", "untied.forward[0,1,0,1]", "b + Σ x·w,  b = −1 ─"),
        ("sobel", "correlate.forward[0,0,0,0]", "=  Σ x·w ─"),
        # An equation begins with it.
        ("toy_2x2", "conv1.forward[0,0,0,0]", "=  Σ x·w ─"),
        ("train_by_hand", "0:conv1.forward[0,0,0,0]", "b + Σ x·w ─"),
    ],
)
async def test_a_sum_says_what_it_starts_from(scenario: str, at: str, head: str) -> None:
    stepper = Stepper(read_scenario(scenario))
    panel = SumPanel(id="sum")
    async with Alone(panel).run_test(size=(100, 8)):
        panel.show(view_of(stepper, at), ("x", "w"))
        assert head in drawn(panel, 100, 8)[0]


@pytest.mark.parametrize(
    ("at", "letters", "border"),
    [
        # The window 7, 7, 7, 2; the pixel 7 in row 3 and column 3 is number 18 of five columns.
        ("mean_all.forward[0,0,2,2]", "x", " 5.75  4 of 4 ─╮"),
        ("mean_inside.forward[0,0,2,2]", "x", " 5.75  4 of 4 ─╮"),
        ("max2.winner[0,0,1,1]", "xy", " 18  4 of 4 ─╮"),
        ("max2.winner[0,0,1,1] tap[0,0]", "xy", " 1 of 4 ─╮"),
        ("mean_all.forward[0,0,2,2] tap[0,0]", "x", " 1 of 4 ─╮"),
    ],
)
async def test_a_narrow_border_keeps_what_the_cell_comes_to(
    at: str, letters: str, border: str
) -> None:
    """The formula before it is shortened."""
    stepper = Stepper(read_scenario("pooling"))
    stepper.values.compute_all()
    panel = SumPanel(id="sum")
    async with Alone(panel).run_test(size=(60, 4)):
        panel.show(view_of(stepper, at), tuple(letters))
        assert drawn(panel, 60, 4)[0].endswith(border)


@pytest.mark.parametrize("tap", range(4))
async def test_an_equation_has_its_result_at_80_columns(tap: int) -> None:
    """3·1 + 2·2 + (−1)·(−1) + 1·0 = 8, and nothing shifts on the way there."""
    stepper = Stepper(read_scenario("backprop_toy"))
    stepper.values.compute_all()
    panel = SumPanel(id="sum")
    async with Alone(panel).run_test(size=(80, 5)):
        panel.show(
            view_of(stepper, f"conv1.input_grad[0,0,1,1] tap[0,{tap // 2},{tap % 2}]"), ("dy", "w")
        )
        line = drawn(panel, 80, 5)[1]
        assert line.index("=") == 73
        assert line.split("=")[1].split() == ["8" if tap == 3 else "·", "│"]


async def test_what_a_term_reads_stands_in_columns() -> None:
    stepper = Stepper(read_scenario("train_by_hand"))
    stepper.values.compute_all()
    panel = SumPanel(id="sum")
    async with Alone(panel).run_test(size=(80, 7)):
        panel.show(view_of(stepper, "0:loss.input_grad[0,0]"), ("p", "target"))
        lines = drawn(panel, 80, 7)
        assert lines[2].startswith("│ p       loss.p[0,0]       0.5 ")
        assert lines[3].startswith("│ target  loss.target[0,0]  1 ")


async def test_nothing_gives_away_what_is_asked() -> None:
    """Neither the check of a gradient nor the axis of the sum: 20 in all, 12 so far."""
    toy = Stepper(read_scenario("backprop_toy"))
    toy.values.compute_all()
    stage_of = Stage(toy)
    gradient = checkable(toy.scenario.iteration)
    sweep = next(sweep for sweep in toy.trace.sweeps if sweep.writes in gradient)
    view = view_of(toy, sweep.full_name)
    assert stage_of.check(view)[1] is not None
    assert stage_of.check(replace(view, guessing=True))[1] is None
    text = "[input]\nvalues = [[5, 7, 8]]\n" + layer("conv2d", "conv", kernel=[[1, 1, 1]])
    view = view_of(Stepper(scenario(text)), "conv.forward[0,0,0,0] tap[0,0,1]")
    panel = GrowthPanel(id="growth")
    async with Alone(panel).run_test(size=(40, 9)):
        panel.show(view)
        assert " 20 " in inside(drawn(panel, 40, 9))
        panel.show(replace(view, guessing=True))
        told = inside(drawn(panel, 40, 9))
        assert " 20 " not in told
        assert " 12 " in told
        assert "how the sum grew" in drawn(panel, 40, 9)[0]


async def test_the_largest_of_a_pool_is_no_sum() -> None:
    text = "[input]\nvalues = [[5, 7], [8, 6]]\n" + layer("max_pool2d", "pool", size=2)
    panel = GrowthPanel(id="growth")
    async with Alone(panel).run_test(size=(40, 9)):
        panel.show(view_of(Stepper(scenario(text)), 1))
        assert "how the maximum grew" in drawn(panel, 40, 9)[0]


@pytest.mark.parametrize("height", [3, 4, 6])
async def test_every_page_of_a_note_says_something_and_all_of_them_say_everything(height) -> None:
    stepper = Stepper(read_scenario("pooling"))
    stepper.values.compute_all()
    view = view_of(stepper, "max2.forward[0,0,0,0] tap[1,0]")
    paragraphs = narrate(Stage(stepper), view)
    note = NotePanel(id="note")
    async with Alone(note).run_test(size=(60, height)):
        note.show(view, paragraphs)
        pages = []
        for direction in (1,) * 12 + (-1,) * 12:
            pages.append(inside(drawn(note, 60, height)).replace("…", "").split())
            note.page(direction)
        assert pages[0] == inside(drawn(note, 60, height)).replace("…", "").split()
    assert all(pages)
    said = " ".join("".join(text for text, _ in words) for words in paragraphs).split()
    assert set(said) <= {word for page in pages[:12] for word in page}


async def test_a_note_that_is_cut_names_its_key_under_any_number_of_tabs() -> None:
    stepper = Stepper(read_scenario("train_by_hand"))
    view = view_of(stepper, "0:conv1.kernel_grad[0,0,0,0] tap[0,1,0]")
    note = NotePanel(id="note")
    async with Alone(note).run_test(size=(80, 4)):
        note.share((note.label, "loops", "check", "update", "where from", "growth"))
        note.show(view, narrate(Stage(stepper), view))
        cut = 0
        while "…" in "".join((lines := drawn(note, 80, 4))[1:-1]):
            assert all(line.strip("│… ") for line in lines[1:-1])
            assert "PgDn" in lines[-1]
            note.page(1)
            cut += 1
        assert cut > 1
        assert "PgDn" not in "".join(lines)


async def test_a_whole_sum_stands_whole_on_the_axis_of_its_growth() -> None:
    """1,000 + 2 + 909 + 0·1 = 1,911: three digits would say 1,910."""
    stepper = Stepper(read_scenario("toy_2x2"))
    for place, weight in {(0, 0): 1000.0, (0, 1): 0.0, (1, 0): 182.0, (1, 1): 1 / 3}.items():
        stepper.edit("conv1.w", (0, 0, *place), weight)
    growth = GrowthPanel(id="growth")
    async with Alone(growth).run_test(size=(40, 9)):
        growth.show(view_of(stepper, 3))
        assert "1911" in inside(drawn(growth, 40, 9))


async def test_the_bar_of_a_loop_stands_clear_of_its_count() -> None:
    stepper = Stepper(scenario(WIDE))
    loops = LoopsPanel(id="loops")
    async with Alone(loops).run_test(size=(40, 6)):
        loops.show(view_of(stepper, "last"), None, ("x", "w"))
        assert "/1,024 " in inside(drawn(loops, 40, 6))
