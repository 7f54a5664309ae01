"""Where a value goes, against looking through every step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from networks import EVERY_KIND, alexnet, every_pass
from strategies import Case, convolutions, examples

from cnnsim.network.iteration import Iteration
from cnnsim.steps.sweep import Start, Sweep
from cnnsim.steps.taps import reach_of
from cnnsim.steps.uses import uses_of

Shapes = dict[str, tuple[int, ...]]


def by_hand(sweep: Sweep, tensor: str, shapes: Shapes) -> dict[tuple[int, ...], list[int]]:
    """For every entry of `tensor` the steps that read it, found step by step."""
    found: dict[tuple[int, ...], set[int]] = {at: set() for at in np.ndindex(shapes[tensor])}
    for number, cell in enumerate(np.ndindex(sweep.cells)):
        reach = reach_of(sweep, cell, shapes)
        first = number * sweep.tap_count
        for place, read in enumerate(sweep.reads):
            if read.tensor != tensor:
                continue
            for tap in np.flatnonzero(reach.inside[place] & ~reach.hole):
                found[tuple(int(axis[tap]) for axis in reach.indices[place])].add(first + int(tap))
        if isinstance(sweep.start, Start) and sweep.start.tensor == tensor:
            found[tuple(sweep.start.where(cell, sweep.params))].add(first)
    return {at: sorted(steps) for at, steps in found.items()}


def agree(sweep: Sweep, shapes: Shapes) -> None:
    """Every entry of every tensor that `sweep` reads."""
    for tensor in sweep.tensors:
        for at, steps in by_hand(sweep, tensor, shapes).items():
            assert uses_of(sweep, tensor, at, shapes).tolist() == steps, (sweep.full_name, at)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_sweep_of_every_kind(name: str) -> None:
    """Forward, loss, backward and update."""
    iteration, values = every_pass(name, 0)
    shapes = {tensor: array.shape for tensor, array in values.items()}
    for sweep in iteration.sweeps:
        agree(sweep, shapes)


@examples(25)
@given(case=convolutions(plane=5))
def test_convolutions_of_every_option(case: Case) -> None:
    """Strides, dilation, groups, true convolution; the input gradient's holes are no uses."""
    iteration = Iteration(case.net, given={"conv2d": np.ones(case.net.places["conv2d"].cells)})
    for sweep in iteration.sweeps:
        agree(sweep, iteration.shapes)


@pytest.mark.parametrize(
    ("tensor", "index", "sweep", "count"),
    [
        ("conv2.w", (225, 32, 0, 0), "conv2.forward", 27 * 27),
        # The corner of the padded picture is covered by 3 x 3 of the 5 x 5 windows.
        ("pool1.y", (0, 7, 0, 0), "conv2.forward", 256 * 3 * 3),
        ("fc1.w", (4095, 9215), "fc1.forward", 1),
        ("flat.y", (0, 17), "fc1.forward", 4096),
        ("input", (0, 2, 113, 113), "conv1.forward", 96 * 3 * 3),
    ],
)
def test_alexnet_is_not_looked_through(
    tensor: str, index: tuple[int, ...], sweep: str, count: int
) -> None:
    """How often an entry is read among hundreds of millions of products."""
    iteration = Iteration(alexnet())
    found = {each.full_name: each for each in iteration.sweeps}[sweep]
    assert len(uses_of(found, tensor, index, iteration.shapes)) == count
