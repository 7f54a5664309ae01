"""The training screen without a terminal: what is known, and how it is drawn."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette
from cnnsim.tui.train.charts import draw_accuracy, draw_loss
from cnnsim.tui.train.confusion import draw_confusion
from cnnsim.tui.train.figures import draw_figures, left_text
from cnnsim.tui.train.filters import draw_filters
from cnnsim.tui.train.gradients import draw_gradients, verdict
from cnnsim.tui.train.layers import draw_layers
from cnnsim.tui.train.log import draw_log
from cnnsim.tui.train.mistakes import draw_mistakes, grid_of, number_at
from cnnsim.tui.train.scene import Painter, Scene, Words
from cnnsim.tui.train.specimen import draw_specimen
from cnnsim.tui.train.view import RunView, State, heard
from cnnsim.tui.train.weight import draw_weight

PAINTERS: list[Painter] = [
    draw_loss, draw_accuracy, draw_confusion, draw_filters, draw_specimen, draw_mistakes,
    draw_weight, draw_gradients, draw_layers, draw_log,
]  # fmt: skip

FRESH = RunView("net", 3, "/runs/net-3-1", 50, 32, "sgd", 0.01)


def epoch(number: int, loss: float, accuracy: float) -> dict[str, Any]:
    return {"kind": "epoch", "epoch": number, "train_loss": loss, "test_loss": loss * 1.5,
            "test_accuracy": accuracy}  # fmt: skip


def progress(iteration: int, speed: float = 1600.0) -> dict[str, Any]:
    return {"kind": "progress", "iteration": iteration, "iterations": 500, "loss": 0.5,
            "rate": 0.01, "images_per_second": speed}  # fmt: skip


CONFUSION = [[20, 1, 0], [0, 18, 4], [0, 0, 17]]
SNAPSHOT = {
    "kind": "snapshot",
    "filters": {"name": "conv1.w", "count": 4, "channels": 1, "shape": [4, 3, 3],
                "values": np.linspace(-1, 2, 36).tolist(), "norms": [1.0, 2.0, 3.0, 4.0]},
    "tested": {"iteration": 20, "names": ["cat", "dog", "owl"], "confusion": CONFUSION,
               "pictures": 60, "right": 55, "mistakes": [
                   {"picture": 4, "class": 1, "guess": 2, "share": 0.02},
                   {"picture": 0, "class": 0, "guess": 1, "share": 0.31}]},
    "gradients": [{"name": "conv1.w", "gradient": 0.305, "change": 4.3e-4, "pictures": 200},
                  {"name": "fc.b", "gradient": None, "change": 0.5, "pictures": 200}],
    "layers": [{"name": "conv1", "mean": -0.21, "deviation": 1.5, "units": 4, "dead": 0,
                "pictures": 12},
               {"name": "relu1", "mean": 0.4, "deviation": 0.6, "units": 4, "dead": 3,
                "pictures": 12}],
    "maps": {"picture": 3, "class": "owl", "layers": [
        {"name": "input", "count": 1, "shape": [1, 8, 8], "values": [0.5] * 64, "bends": False},
        {"name": "conv1", "count": 4, "shape": [4, 6, 6], "bends": False,
         "values": np.linspace(-1, 1, 144).tolist()},
        {"name": "relu1", "count": 4, "shape": [4, 6, 6], "values": [0.0] * 144, "bends": True}]},
    "batch_loss": 0.25,
}  # fmt: skip
EVENTS = [progress(5), epoch(1, 2.0, 0.5), progress(15), epoch(2, 0.4, 0.9), SNAPSHOT]
PICTURES = np.linspace(0, 1, 5 * 64, dtype=np.float32).reshape(5, 1, 8, 8)


def scene(run: RunView | None = None, **changes: Any) -> Scene:
    run = heard(FRESH, EVENTS) if run is None else run
    return dataclasses.replace(Scene((run,), 0, True, 0, PICTURES, True, DARK), **changes)


def painted(painter: Painter, width: int, height: int, shown: Scene) -> tuple[str, str]:
    """What stands inside, and what the frame says."""
    canvas = Canvas(width, height, DARK.base)
    words: Words = painter(canvas, shown)
    said = " ".join(
        text for part in (words.title, words.right, words.bottom, words.bottom_right)
        for text, _ in part
    )  # fmt: skip
    return "\n".join(canvas.lines()), said


def test_events_are_folded_into_what_is_known() -> None:
    run = heard(FRESH, EVENTS)
    assert [row.epoch for row in run.rows] == [1, 2]
    assert run.state == "running"
    assert run.best is not None
    assert run.best.accuracy == 0.9
    assert run.share == 15 / 500
    # 485 updates of 32 pictures are left.
    assert run.left == 485 * 32 / 1600
    assert left_text(run) == "0:10"
    paused = heard(run, [{"kind": "rate", "iteration": 15, "rate": 0.02}, {"kind": "paused"}])
    assert (paused.state, paused.base, paused.changes[0].iteration) == ("paused", 0.02, 15)
    assert heard(paused, [progress(16)]).state == "running"
    for kind, state in (("result", "finished"), ("stopped", "stopped"), ("diverged", "diverged")):
        ended = heard(run, [{"kind": kind}])
        assert (ended.state, ended.has_ended, ended.left) == (state, True, None)
    failed = heard(run, [{"kind": "error", "message": "the disk is full"}])
    assert (failed.state, failed.note) == ("failed", "the disk is full")
    hinted = heard(run, [{"kind": "error", "message": "the disk is full", "hint": "make room"}])
    assert hinted.note == "the disk is full; make room"
    noted = heard(FRESH, [{"kind": "note", "what": "another engine goes on"}])
    assert (noted.state, noted.note) == (FRESH.state, "another engine goes on")


def test_a_loss_that_is_no_number_leaves_a_gap() -> None:
    run = heard(FRESH, [epoch(1, 2.0, 0.5), {**epoch(2, 1.0, 0.4), "test_loss": None}])
    assert np.isnan(run.series("test_loss")[1])
    painted(draw_loss, 40, 15, scene(run))


def test_charts_name_their_axes_and_their_last_values() -> None:
    inside, said = painted(draw_loss, 42, 15, scene())
    assert "train 0.400" in said.replace("  ", " ")
    assert "0.600" in said
    # Losses from 0.4 to 3 on a log axis.
    assert {"0.5", "1", "2"} <= set(inside.split())
    inside, said = painted(draw_accuracy, 42, 15, scene())
    assert "90.0%" in said
    assert "▲" in inside
    several = scene()
    several = dataclasses.replace(
        several, runs=(several.run, heard(several.run, [epoch(3, 9, 0.8)]))
    )
    inside, said = painted(draw_loss, 42, 15, several)
    assert "a " in said
    assert "b " in said
    assert {"a", "b"} <= set("".join(inside.split()))


def test_the_confusion_matrix_counts_what_the_snapshot_counts() -> None:
    inside, said = painted(draw_confusion, 40, 12, scene())
    rows = [line.split() for line in inside.splitlines() if line.strip()]
    assert rows[0] == ["cat", "dog", "owl"]
    for row, name, counts in zip(rows[1:], ["cat", "dog", "owl"], CONFUSION, strict=True):
        assert row == [name, *(str(number) if number else "·" for number in counts)]
    assert "5  of 60 wrong" in said
    assert "dog→owl" in said


@pytest.mark.parametrize(
    ("at", "made", "when"),
    [(None, 20, "epoch 2"), (None, 25, "update 25"), (25, 25, "update 25"), (20, 20, "update 20")],
)
def test_what_was_tested_says_when(at: int | None, made: int, when: str) -> None:
    """An epoch has 10 updates."""
    run = scene().run
    assert run.tested is not None
    run = dataclasses.replace(run, tested=dataclasses.replace(run.tested, iteration=made))
    for painter in (draw_confusion, draw_mistakes):
        _, said = painted(painter, 60, 16, scene(run, at=at))
        assert when in said


def test_what_was_tested_elsewhere_is_not_said_of_the_slider() -> None:
    run = scene().run
    assert run.tested is not None
    tested = dataclasses.replace(run.tested, loss=0.789)
    run = dataclasses.replace(run, tested=tested, iteration=30)
    for at, is_here in ((20, True), (19, False)):
        canvas = Canvas(120, 2, DARK.base)
        draw_figures(canvas, scene(run, at=at))
        text = "\n".join(canvas.lines())
        assert ("0.789" in text, "91.7%  of 60" in text) == (is_here, is_here)
        inside, _ = painted(draw_loss, 42, 15, scene(run, at=at))
        assert ("●" in inside) == is_here


@pytest.mark.parametrize(
    ("width", "loss", "accuracy"),
    [
        (60, "━ test 0.600  ⠤ train 0.400", "━ test 90.0%  ▲ best 90.0% at 2"),
        (32, "━ test 0.600  ⠤ train 0.400", "━ test 90.0%"),
        (31, "━ test 0.600 ⠤ train 0.400", "━ test 90.0%"),
        (30, "━ test 0.600", "━ test 90.0%"),
    ],
)
def test_figures_in_a_border_are_whole_or_left_out(width: int, loss: str, accuracy: str) -> None:
    """A border has room for five characters less than the panel is wide."""
    for painter, expected in ((draw_loss, loss), (draw_accuracy, accuracy)):
        words = painter(Canvas(width, 15, DARK.base), scene())
        assert "".join(text for text, _ in words.bottom) == expected


@pytest.mark.parametrize(
    ("width", "legend"),
    [
        (60, "a seed 0  b seed 1  c seed 2  d seed 3"),
        (42, "a seed 0 b seed 1 c seed 2 d seed 3"),
        (39, "a seed 0  b seed 1  c seed 2  +1"),
        (30, "a seed 0  b seed 1  +2"),
        (24, "a seed 0  +3"),
    ],
)
def test_a_legend_counts_the_runs_that_it_has_no_room_for(width: int, legend: str) -> None:
    run = scene().run
    runs = tuple(replace(run, seed=seed) for seed in range(4))
    for painter in (draw_loss, draw_accuracy):
        words = painter(Canvas(width, 15, DARK.base), scene(runs=runs))
        assert "".join(text for text, _ in words.bottom) == legend


def test_back_in_the_run_legends_and_log_are_those_of_then() -> None:
    run = heard(heard(FRESH, EVENTS), [{"kind": "rate", "iteration": 15, "rate": 0.02}])
    second, first = ("━ test  0.600", "⠤ train  0.400"), ("━ test  3.00", "⠤ train  2.00")
    for at, when, losses, accuracy, lines in (
        (None, "", second, "90.0%", ["epoch  2", "base η 0.02", "epoch  1"]),
        (20, "epoch 2", second, "90.0%", ["epoch  2", "base η 0.02", "epoch  1"]),
        (19, "epoch 1", first, "50.0%", ["base η 0.02", "epoch  1"]),
        (14, "epoch 1", first, "50.0%", ["epoch  1"]),
        (9, "", (), None, ["A line for each epoch."]),
    ):
        shown = scene(run, at=at)
        _, said = painted(draw_loss, 42, 15, shown)
        assert all(loss in said for loss in losses)
        assert ("train" in said) == bool(losses)
        chart, said = painted(draw_accuracy, 46, 15, shown)
        # The best so far is in the chart where the border and the log say it is.
        assert (f"━ test  {accuracy}" in said) == (accuracy is not None)
        best = {"90.0%": "▲ best  90.0%  at 2", "50.0%": "▲ best  50.0%  at 1", None: ""}[accuracy]
        assert best in said
        marked = [line.split() for line in chart.splitlines() if "▲" in line]
        assert len(marked) == bool(best)
        for painter in (draw_loss, draw_accuracy):
            bottom = "".join(text for text, _ in painter(Canvas(46, 15, DARK.base), shown).bottom)
            assert bottom.partition("  ")[0] == when or not when
            assert ("epoch" in bottom) == bool(when)
        inside, _ = painted(draw_log, 40, 8, shown)
        found = [line.strip() for line in inside.splitlines() if line.strip()]
        assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))


@pytest.mark.parametrize("painter", PAINTERS)
def test_what_an_empty_panel_says_is_whole_in_a_narrow_one(painter: Painter) -> None:
    for shown in (scene(FRESH), scene(FRESH, is_live=False), scene(FRESH, busy="reading files")):
        wide, narrow = (painted(painter, width, 12, shown)[0] for width in (90, 26))
        assert narrow.split() == wide.split() != []
        assert {line[:2] + line[-2:] for line in narrow.splitlines()} == {"    "}


def test_an_ended_run_does_not_wait_for_its_first_epoch() -> None:
    run = dataclasses.replace(heard(FRESH, EVENTS), tested=None)
    for painter in (draw_confusion, draw_mistakes):
        assert "Reading the pictures." in painted(painter, 60, 16, scene(run, is_live=False))[0]
        assert "after the first epoch" in painted(painter, 60, 16, scene(FRESH, is_live=False))[0]


def test_mistakes_say_truth_guess_and_how_sure() -> None:
    inside, _ = painted(draw_mistakes, 54, 16, scene())
    assert "▸dog→owl◂ 2.0%" in inside
    assert "cat→dog  31%" in inside
    shown = scene(mistake=1)
    inside, _ = painted(draw_mistakes, 54, 16, shown)
    assert "▸cat→dog◂" in inside
    # What is clicked is what is drawn there.
    line = next(y for y, text in enumerate(inside.splitlines()) if "▸cat" in text)
    at = inside.splitlines()[line].index("▸cat")
    assert number_at(grid_of(shown, 54, 16), at, line) == 1


@pytest.mark.parametrize(("width", "height"), [(80, 7), (54, 16), (34, 30)])
def test_mistakes_say_whose_share_it_is(width: int, height: int) -> None:
    inside, _ = painted(draw_mistakes, width, height, scene())
    words = " ".join(inside.split())
    for piece in ("is → said,", "share of the", "right class"):
        assert piece in words or width < 40
    assert "▸dog→owl◂" in words
    # Nothing is drawn over it, and what is clicked is what is drawn.
    rows = inside.splitlines()
    line = next(y for y, text in enumerate(rows) if "▸dog" in text)
    grid = grid_of(scene(), width, height)
    assert number_at(grid, rows[line].index("▸dog"), line) == 0


def test_gradients_and_log() -> None:
    inside, said = painted(draw_gradients, 36, 8, scene())
    assert "0.305" in inside
    assert "4.3e−04 ✓" in inside
    assert "0.5 >" in inside or "5.0e−01 >" in inside
    assert "200 pictures" in said
    assert [verdict(change) for change in (1e-5, 1e-3, 0.1)] == ["<", "✓", ">"]
    run = heard(heard(FRESH, EVENTS), [{"kind": "rate", "iteration": 15, "rate": 0.02}])
    inside, said = painted(draw_log, 40, 8, scene(run))
    lines = [line.strip() for line in inside.splitlines() if line.strip()]
    assert lines[0].startswith("epoch  2  test 0.600   90.0% ▲")
    assert lines[1] == "base η 0.02 from update 15"
    assert lines[2].startswith("epoch  1")
    assert "/runs/net-3-1" in said


@pytest.mark.parametrize(
    ("names", "seeds", "legend"),
    [
        (("net", "net", "net"), (0, 1, 7), "a seed 0 b seed 1 c seed 7"),
        (("net", "deep", "wide"), (0, 0, 0), "a net b deep c wide"),
        (("net", "net", "deep"), (0, 1, 0), "a net 0 b net 1 c deep 0"),
        (("net", "net", "net"), (0, 0, 0), "a out-0 b out-1 c out-2"),
    ],
)
def test_several_runs_are_told_apart(
    names: tuple[str, ...], seeds: tuple[int, ...], legend: str
) -> None:
    every = zip(names, seeds, range(3), strict=True)
    runs = tuple(
        replace(heard(FRESH, EVENTS), name=name, seed=seed, folder=f"/runs/out-{number}")
        for name, seed, number in every
    )
    for painter in (draw_loss, draw_accuracy):
        _, said = painted(painter, 60, 12, scene(runs=runs))
        assert legend in " ".join(said.split())


@pytest.mark.parametrize("width", [24, 38, 60])
def test_the_log_says_in_full_why_a_run_failed(width: int) -> None:
    why = (
        f"the run cannot be saved in /home/somebody/{'runs/' * 12}net-3-1: No space left on device"
    )
    inside, _ = painted(draw_log, width, 12, scene(replace(FRESH, state="failed", note=why)))
    lines = [line[2:] for line in inside.splitlines()]
    assert all(len(line.rstrip()) <= width - 4 for line in lines)
    assert "".join(lines).replace(" ", "") == why.replace(" ", "")


@pytest.mark.parametrize("painter", PAINTERS)
def test_of_a_run_that_failed_nothing_is_promised(painter: Painter) -> None:
    inside, _ = painted(painter, 60, 12, scene(replace(FRESH, state="failed"), pictures=None))
    assert "first" not in inside
    first, _ = painted(painter, 60, 12, scene(FRESH, pictures=None))
    assert inside != first or painter in (draw_log, draw_weight)


@pytest.mark.parametrize("painter", PAINTERS)
@pytest.mark.parametrize("state", ["starting", "failed"])
def test_what_an_empty_panel_says_is_wrapped(painter: Painter, state: State) -> None:
    def said(width: int) -> str:
        run = replace(FRESH, state=state)
        return " ".join(painted(painter, width, 12, scene(run, pictures=None))[0].split())

    assert said(24) == said(120)


@pytest.mark.parametrize("painter", PAINTERS)
@pytest.mark.parametrize("palette", [DARK, LIGHT, ANSI, MONO], ids=lambda each: each.name)
@pytest.mark.parametrize("is_ascii", [False, True])
def test_every_panel_draws_at_any_size(painter: Painter, palette: Palette, is_ascii: bool) -> None:
    for run in (FRESH, heard(FRESH, EVENTS), heard(FRESH, [epoch(1, 0.0, 1.0)])):
        for width in (3, 12, 30, 61, 198):
            for height in (2, 5, 9, 40):
                shown = scene(run, palette=palette, ascii=is_ascii)
                canvas = Canvas(width, height, palette.base)
                painter(canvas, shown)
                text = "".join(segment.text for row in canvas.rows(is_ascii) for segment in row)
                assert not is_ascii or text.isascii()


def test_missing_gradients_say_how_they_come() -> None:
    def said(run: RunView, **changes: Any) -> str:
        return painted(draw_gradients, 36, 8, scene(run, **changes))[0]

    made = dataclasses.replace(FRESH, iteration=40, iterations=500)
    ended = dataclasses.replace(made, state="finished")
    assert "They come with the first update." in said(FRESH)
    assert "They come with the first update." in said(made)
    for shown in (said(ended), said(ended, is_live=False), said(made, is_live=False)):
        assert "← computes them for an update." in shown
    assert "Computing 40%." in said(ended, at=3, busy="computing 40%")


def test_figures_above_the_panels() -> None:
    for width in (80, 120, 200):
        canvas = Canvas(width, 2, DARK.base)
        draw_figures(canvas, scene())
        text = "\n".join(canvas.lines())
        assert "2 of 50" in text
        assert "0.400 ▼" in text
        assert "90.0% ▲ │ best 90.0%" in text
        assert "1,600" in text
