"""The panels of the training screen paint only at times: what they show is never old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from alone import Alone
from textual.geometry import Region
from textual.strip import Strip

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import DARK, LIGHT
from cnnsim.tui.train.layout import lay_train
from cnnsim.tui.train.scene import Scene, Watch
from cnnsim.tui.train.view import (
    Epoch,
    Filters,
    Gradient,
    LayerMaps,
    LayerRow,
    Mistake,
    RunView,
    Specimen,
)
from cnnsim.tui.train.view import Tested as Judged
from cnnsim.tui.widgets.trainpanels import LayersPanel, TrainPanel

FRESH = RunView("net", 3, "/runs/net-3", 4, 32, "sgd", 0.01)
COMPILING = "compiling conv1.forward, the first time only"
PICTURES = np.linspace(0, 1, 5 * 64, dtype=np.float32).reshape(5, 1, 8, 8)
TESTED = Judged(60, ("cat", "dog"), np.array([[20, 5], [3, 32]]), 60, 52,
                (Mistake(4, 0, 1, 0.02), Mistake(1, 1, 0, 0.4)), 0.75)  # fmt: skip
FULL = replace(
    FRESH, state="running", iteration=60, iterations=120,
    rows=(Epoch(1, 2.0, 2.5, 0.5), Epoch(2, 1.0, 1.5, 0.8)), tested=TESTED,
    filters=Filters("conv1.w", 2, 1, np.linspace(-1, 1, 18).reshape(2, 3, 3), (1.0, 2.0)),
    gradients=(Gradient("conv1.w", 0.305, 4.3e-4, 200),),
    layers=(LayerRow("conv1", -0.21, 1.5, 4, 1, 12),),
    specimen=Specimen(3, "dog", (LayerMaps("input", 1, np.full((1, 8, 8), 0.5)),)),
)  # fmt: skip
WATCH = Watch(("conv1.w", (0, 0, 1, 2)), tuple((at, at / 60) for at in range(0, 61, 4)), 60)


def shown(panel: TrainPanel) -> list[Strip]:
    return panel.render_lines(Region(0, 0, *panel.size))


def text(panel: TrainPanel) -> str:
    return "\n".join(strip.text for strip in shown(panel))


def anew(panel: TrainPanel) -> list[Strip]:
    """The picture that the panel would show had it shown nothing before."""
    canvas = Canvas(*panel.size, DARK.base)
    panel.paint(canvas)
    return [Strip(row, panel.size.width) for row in canvas.rows(False)]


def scene(run: RunView, **changes: Any) -> Scene:
    return replace(Scene((run,), 0, True, 0, PICTURES, True, DARK, watch=WATCH), **changes)


def scenes() -> Iterator[Scene]:
    """What a screen may know at some moment: nothing yet, all, and much in between."""
    made = replace(FRESH, state="running", iteration=20)
    over = replace(made, state="finished")
    right = replace(FULL, tested=replace(TESTED, mistakes=()))
    other = replace(FULL, name="other", rows=FULL.rows[:1], tested=replace(TESTED, right=51))
    yield scene(FRESH)
    yield scene(FRESH, watch=None)
    yield scene(FRESH, is_live=False)
    yield scene(FRESH, busy="reading the pictures")
    yield scene(replace(FRESH, note=COMPILING))
    yield scene(replace(FRESH, note="compiling dense, the first time only"))
    yield scene(replace(FRESH, note=COMPILING), busy="computing 40%")
    for run, is_live in product((made, over), (True, False)):
        yield scene(run, is_live=is_live)
        yield scene(run, is_live=is_live, busy="computing 40%")
        yield scene(run, is_live=is_live, busy="computing 90%", at=3)
    yield scene(replace(made, state="failed", note="the disk is full"))
    for run in (FULL, replace(FULL, state="finished"), right, replace(FULL, iterations=0)):
        yield scene(run)
        yield scene(run, at=30)
        yield scene(run, at=40, busy="computing 10%")
    yield scene(FULL, pictures=None)
    yield scene(FULL, mistake=1)
    yield scene(FULL, log=False)
    yield scene(FULL, watch=None)
    yield scene(FULL, palette=LIGHT)
    yield scene(FULL, runs=(FULL, other))
    yield scene(FULL, runs=(FULL, other), chosen=1)


@pytest.mark.parametrize("kind", TrainPanel.__subclasses__(), ids=lambda kind: kind.label)
async def test_an_empty_panel_says_what_is_being_done(kind: type[TrainPanel]) -> None:
    panel = kind(id="panel")
    async with Alone(panel).run_test(size=(60, 16)):
        panel.show(scene(FRESH))
        first = text(panel)
        assert "ompiling" not in first
        for layer in ("conv1", "dense2"):
            note = f"compiling {layer}, the first time only"
            panel.show(scene(replace(FRESH, note=note)))
            assert note[1:] in text(panel)
        # What is done for the slider brings neither curves nor lines of epochs.
        follows = kind.label not in ("loss", "accuracy", "log")
        running = replace(FRESH, state="running")
        for share in (10, 40):
            panel.show(scene(running, busy=f"computing {share}%"))
            assert (f"Computing {share}%." in text(panel)) == follows
            assert "ompiling" not in text(panel)
        panel.show(scene(FRESH))
        assert text(panel) == first


@pytest.mark.parametrize("kind", TrainPanel.__subclasses__(), ids=lambda kind: kind.label)
async def test_the_key_of_a_panel_stands_over_it_alone_and_among_tabs(
    kind: type[TrainPanel],
) -> None:
    panel = kind(id="panel")
    async with Alone(panel).run_test(size=(60, 16)):
        panel.show(scene(FULL))
        assert f"╭─ {kind.number} " in text(panel)
        tabs = tuple(each(id="other").tab for each in (kind, TrainPanel.__subclasses__()[0]))
        panel.share(tabs)
        assert f"╭─ {kind.number} {kind.label} │ 1 loss " in text(panel)
        assert panel.tab_at(3, 0) == panel.tab


@pytest.mark.parametrize("kind", TrainPanel.__subclasses__(), ids=lambda kind: kind.label)
async def test_among_many_tabs_its_own_is_in_sight(kind: type[TrainPanel]) -> None:
    tabs = tuple(each(id="other").tab for each in TrainPanel.__subclasses__())
    panel = kind(id="panel")
    for width in (24, 33, 60, 120):
        async with Alone(panel).run_test(size=(width, 16)):
            panel.share(tabs)
            panel.show(scene(FULL))
            title = text(panel).splitlines()[0]
            assert len(title) == width
            assert f" {panel.tab}" in title
            # What is clicked is what stands there.
            for label in tabs:
                at = title.find(label)
                assert at < 0 or panel.tab_at(at, 0) == label
        panel = kind(id="panel")


@pytest.mark.parametrize("width", [33, 34, 36, 40, 45, 60])
async def test_the_activations_stand_whole_at_every_width(width: int) -> None:
    places = (lay_train(*size).panels["layers"] for size in product(range(60, 131), (9, 20, 32)))
    assert width >= min(place[2] for place in places)
    panel = LayersPanel(id="panel")
    async with Alone(panel).run_test(size=(width, 10)):
        for longest in ("c", "flatten", "residual_add", "convolution_10"):
            rows = (LayerRow(longest, -0.111, 12.383, 4, 4, 1),
                    LayerRow("fc", -4.3e-4, 3.3e7, 64, 0, 1))  # fmt: skip
            panel.show(scene(replace(FULL, layers=rows)))
            head, first, second = text(panel).splitlines()[1:4]
            assert head.split()[1:-1] in (["layer", "mean", spread, "dead"]
                                          for spread in ("deviation", "std"))  # fmt: skip
            name, *numbers = first.split()[1:-1]
            # A name that is too long is seen to be cut.
            assert name == longest or (name[-1] == "…" and longest.startswith(name[:-1]))
            assert name == longest or len(longest) + 26 > width
            assert numbers[:3] == ["−0.111", "12.383", "100%"]
            assert second.split()[1:-1] == ["fc", "−4.3e−04", "3.3e07", "·"]
            assert ("of 1 test picture ─╮" in text(panel)) == (width >= 40)


@pytest.mark.parametrize("kind", TrainPanel.__subclasses__(), ids=lambda kind: kind.label)
async def test_after_any_two_moments_the_later_one_is_seen(kind: type[TrainPanel]) -> None:
    panel = kind(id="panel")
    every = list(scenes())
    async with Alone(panel).run_test(size=(60, 16)):
        for before, after in product(range(len(every)), repeat=2):
            panel.show(every[before])
            panel.show(every[after])
            assert shown(panel) == anew(panel), (before, after)
