"""A kind of layer that nobody bundled: written here, stepped and drawn like all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from cnnsim.network.layer import Layer, Place, Shape, kinds
from cnnsim.scenario.reader import read_scenario
from cnnsim.steps.sweep import SMALLER, Read, Sweep
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config
from cnnsim.tui.marks import Marks
from cnnsim.tui.screens.forward import ForwardScreen

TEXT = """\
title = "The nearest of two neighbours"
[input]
values = [[4, -1, 7], [0, 3, -5]]
[[layers]]
type = "neighbours"
name = "near"
[[layers]]
type = "relu"
name = "relu"
"""


def _where(cell: Any, tap: Any, params: Any) -> tuple[Any, ...]:
    n, c, y, x = cell
    return ((n, c, y, x + tap[0]),)


@pytest.fixture
def neighbours() -> Iterator[None]:
    """A pool over two columns that keeps the smaller one, past the edge +∞."""
    before = dict(kinds())

    class Neighbours(Layer):
        type: Literal["neighbours"] = "neighbours"

        def output_shape(self, inputs: Sequence[Shape]) -> Shape:
            return inputs[0]

        def sweeps(self, place: Place) -> list[Sweep]:
            return [
                Sweep(
                    layer=place.name,
                    name="forward",
                    writes=place.tensor("y"),
                    cells=place.cells,
                    cell_axes=place.axes,
                    taps=(2,),
                    tap_axes=("j",),
                    reads=(Read(place.tensors[0], float("inf")),),
                    where=_where,
                    fold=SMALLER,
                    start=float("inf"),
                )
            ]

    yield
    Layer.family.clear()
    Layer.family.update(before)


def app_of(path: Path, **config: Any) -> CnnsimApp:
    path.write_text(TEXT)
    marks = Marks(path.parent / "marks.json")
    return CnnsimApp(read_scenario(str(path)), 0, Config(**config), marks)


def shown(app: CnnsimApp) -> str:
    screen = app.screen
    assert isinstance(screen, ForwardScreen)
    return screen.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_it_is_stepped_and_drawn(neighbours, tmp_path, size) -> None:
    app = app_of(tmp_path / "near.toml")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "near.y" in shown(app)
        await pilot.press("right")
        text = shown(app)
        assert "The smallest so far changes from 4 to −1." in text
        await pilot.press("L", "L", "right")
        assert "░" in shown(app)
        await pilot.press("end")
        assert "relu.y" in shown(app)


async def test_its_values_are_those_of_its_sweep(neighbours, tmp_path) -> None:
    app = app_of(tmp_path / "near.toml")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ForwardScreen)
        assert screen.stepper.values["near.y"].tolist() == [[[[-1, -1, 7], [0, -5, -5]]]]


async def test_it_is_edited_found_and_walked_like_all_others(neighbours, tmp_path) -> None:
    app = app_of(tmp_path / "near.toml", glyphs="ascii", theme="light")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("e", "minus", "9", "enter")
        assert "1 edited" in shown(app)
        await pilot.press("u", "slash", *"padding", "enter")
        assert ": padding" in shown(app)
        await pilot.press("y", "v", "v", "m", "m", "x", "c", "n")
        assert shown(app).isascii()
        await pilot.press("w")
        await pilot.press("escape")
        assert "near.y" in shown(app)
