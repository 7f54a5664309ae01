"""A stranger's kind of layer, in one place: read, walked, stepped, valued and replayed at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import pytest
from checks import same_bits, visit_tour
from networks import scenario

from cnnsim.errors import FileError
from cnnsim.kernels.compiled import fill_compiled
from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.pooling import Pool, where
from cnnsim.network.receptive import receptive_fields
from cnnsim.network.walk import walk
from cnnsim.network.window import Window, slide
from cnnsim.scenario.schema import scenario_schema
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import ADD, SMALLER, Index, Read, Sweep


def square(values: tuple[Any, ...], cell: Index, tap: Index, p: Any) -> Any:
    """x², plus one at the window's centre."""
    return values[0] * values[0] + 1.0 * ((tap[0] == 1) & (tap[1] == 1))


@pytest.fixture(autouse=True)
def kinds_of_a_stranger() -> Iterator[None]:
    """Two kinds, defined as a file in ``network/kinds`` would define them."""

    class SquarePlus(Layer):
        """1 + Σ x² over the 3x3 neighbours."""

        type: Literal["square_plus"]

        def window(self, shape: Shape) -> Window:
            return slide(self.name, (shape[1], shape[2]), (3, 3), (1, 1), (1, 1), (1, 1, 1, 1))

        def output_shape(self, inputs: Sequence[Shape]) -> Shape:
            return self.wants_map(inputs[0])

        def field(self, inputs: Sequence[Shape]) -> Window:
            return self.window(inputs[0])

        def sweeps(self, place: Place) -> list[Sweep]:
            return [
                Sweep(
                    layer=place.name, name="forward", writes=place.tensor("y"),
                    cells=place.cells, cell_axes=place.axes, taps=(3, 3), tap_axes=("i", "j"),
                    reads=(Read(place.tensors[0]),), where=where, term=square, fold=ADD,
                    params=self.window(place.inputs[0]), formula="{0}²",
                )
            ]  # fmt: skip

    class MinPool2d(Pool):
        """The smallest of each window."""

        type: Literal["min_pool2d"]

        def sweeps(self, place: Place) -> list[Sweep]:
            return [
                Sweep(
                    layer=place.name, name="forward", writes=place.tensor("y"),
                    cells=place.cells, cell_axes=place.axes, taps=self.size, tap_axes=("i", "j"),
                    reads=(Read(place.tensors[0], np.inf),), where=where, fold=SMALLER,
                    start=np.inf, params=self.window(place.inputs[0]),
                )
            ]  # fmt: skip

    yield
    for name in ("square_plus", "min_pool2d"):
        del Layer.family[name]


TEXT = """\
title = "t"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "square_plus"
name = "sq"
[[layers]]
type = "min_pool2d"
name = "least"
size = 2
stride = 1
[[tour]]
at = "sq.forward[0,0,1,1] tap[1,1]"
expect = { term = 10, before = 66, after = 76 }
[[tour]]
at = "sq.forward[0,0,0,0] tap[0,0]"
expect = { why = "padding", term = 0, tensors."least.y" = [[72, 51], [84, 27]] }
"""


def expected() -> tuple[np.ndarray, np.ndarray]:
    x = np.pad(np.array([[1.0, 6, 2], [5, 3, 1], [7, 0, 4]]), 1)
    sums = np.array(
        [[1 + np.square(x[r : r + 3, c : c + 3]).sum() for c in range(3)] for r in range(3)]
    )
    least = np.array([[sums[r : r + 2, c : c + 2].min() for c in range(2)] for r in range(2)])
    return sums, least


def test_values() -> None:
    stepper = Stepper(scenario(TEXT))
    sums, least = expected()
    assert (stepper.values["sq.y"][0, 0] == sums).all()
    assert (stepper.values["least.y"][0, 0] == least).all()


def test_walk() -> None:
    rows = walk(scenario(TEXT).network).rows
    assert [(row.type, row.output, row.macs) for row in rows] == [
        ("square_plus", (1, 3, 3), 0),
        ("min_pool2d", (1, 2, 2), 0),
    ]
    fields = receptive_fields(scenario(TEXT).network)
    assert fields["least"] is not None
    assert (fields["least"].size, fields["least"].pad) == ((4, 4), (1, 1))


def test_steps() -> None:
    stepper = Stepper(scenario(TEXT))
    assert len(stepper.trace) == 9 * 9 + 4 * 4
    for step in range(len(stepper.trace)):
        reading = stepper.read(step)
        assert stepper.find(reading.address) == step
        sweep = stepper.sweep(step)
        if reading.tap == tuple(extent - 1 for extent in sweep.taps):
            assert same_bits(reading.after, stepper.values[sweep.writes][reading.cell])
    first = stepper.find("sq.forward[0,0,0,0] tap[0,0]")
    assert stepper.move(first, "product", True, skip_padding=True) == first + 4
    assert stepper.move(first, "layer", True) == 81


def test_tour() -> None:
    sums, least = expected()
    assert least.tolist() == [[72, 51], [84, 27]]
    assert sums[1, 1] == 142
    visits = [*visit_tour(Stepper(scenario(TEXT)))]
    assert [check.what for visit in visits for check in visit.checks if not check.ok] == []


def test_compiled() -> None:
    stepper = Stepper(scenario(TEXT))
    sweep = stepper.network.sweeps[0]
    assert same_bits(fill_compiled(sweep, stepper.values, 2), stepper.values["sq.y"])


def test_mistakes_in_its_keys_are_told() -> None:
    with pytest.raises(FileError) as caught:
        scenario(TEXT.replace('name = "sq"', 'name = "sq"\nsiez = 3').replace("min_pool2d", "mni"))
    told = str(caught.value)
    assert "layers[0].siez: unknown key" in told
    assert "layers[1].type: no kind of layer 'mni'" in told


def test_the_schema_has_it() -> None:
    assert "layer_square_plus" in scenario_schema()["$defs"]
    assert "count_include_pad" not in scenario_schema()["$defs"]["layer_min_pool2d"]["properties"]
