"""Moves against a model that knows every step and tries them all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from gradients import Gradients, gradients, gradients_of
from hypothesis import given
from hypothesis import strategies as st
from networks import EVERY_KIND, every_pass, network
from strategies import Case, examples

from cnnsim.steps.moves import UNITS, move
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.taps import reach_of
from cnnsim.steps.trace import Position, Trace


class Model:
    """All moves of a trace, from lists of steps."""

    def __init__(
        self, trace: Trace, shapes: dict[str, tuple[int, ...]], skip_padding: bool
    ) -> None:
        self.trace = trace
        self.last = len(trace) - 1
        self.positions = [trace.position(step) for step in range(len(trace))]
        self.shown = [
            step
            for step, position in enumerate(self.positions)
            if not self._skipped(trace.sweep_of(position), position, shapes, skip_padding)
        ]
        #: For each unit the first shown step of each of its units.
        self.beginnings = {unit: self._beginnings(unit) for unit in UNITS}

    @staticmethod
    def _skipped(
        sweep: Sweep, position: Position, shapes: dict[str, tuple[int, ...]], padding: bool
    ) -> bool:
        """A hole, or padding if that is skipped: asked of one tap, with plain ints."""
        skipped = False
        indices = sweep.where(position.cell, position.tap, sweep.params)
        for read, index in zip(sweep.reads, indices, strict=True):
            inside = all(
                0 <= at < size for at, size in zip(index, shapes[read.tensor], strict=True)
            )
            skipped |= not inside and (padding or read.outside is None)
        return skipped

    def _beginnings(self, unit: str) -> list[int]:
        beginnings: dict[object, int] = {}
        for step in self.shown:
            beginnings.setdefault(self._unit_of(step, unit), step)
        return sorted(beginnings.values())

    def _unit_of(self, step: int, unit: str) -> object:
        """What all steps of a unit have in common."""
        position = self.positions[step]
        if unit == "product":
            return step
        free = {"cell": 0, "row": 1, "channel": 2, "layer": 4}[unit]
        fixed = position.cell[: max(0, len(position.cell) - free)]
        return position.iteration, position.sweep, fixed

    def move(self, step: int, unit: str, forward: bool) -> int:
        begins = self.beginnings[unit]
        if not forward:
            at = bisect_left(begins, step)
            return begins[at - 1] if at else step
        own = self._unit_of(step, unit)
        for begin in begins[bisect_right(begins, step) :]:
            # A unit that begins with holes is left, not begun, from within these.
            if self._unit_of(begin, unit) != own:
                return begin
        if unit != "product" and self.shown:
            return max(step, self.shown[-1])
        return step


def check(trace: Trace, shapes: dict[str, tuple[int, ...]], steps: list[int]) -> None:
    def reach(position: Position):
        return reach_of(trace.sweep_of(position), position.cell, shapes)

    for skip in (False, True):
        model = Model(trace, shapes, skip)
        for unit in UNITS:
            for forward in (True, False):
                for step in steps:
                    found = move(trace, step, unit, forward, reach, skip)
                    expected = model.move(step, unit, forward)
                    assert found == expected, (
                        f"{unit} {'on' if forward else 'back'} from {step}, padding "
                        f"{'skipped' if skip else 'shown'}: {found}, not {expected}"
                    )


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind(name: str) -> None:
    iteration, _ = every_pass(name)
    trace = Trace(iteration.sweeps)
    chosen = np.random.default_rng(0).integers(0, len(trace), 30).tolist()
    near = [end + by for end in (0, *trace.ends) for by in (-2, -1, 0, 1)]
    check(trace, iteration.shapes, [*chosen, *(step for step in near if 0 <= step < len(trace))])


@examples(20)
@given(gradients(), st.data())
def test_gradients_with_holes(gradient: Gradients, data: st.DataObject) -> None:
    """Where the stride does not divide there is no product: moves never stop there."""
    trace = Trace([gradient.kernel, gradient.input], data.draw(st.integers(1, 2)))
    if len(trace) > 5000:
        return
    steps = st.lists(st.integers(0, len(trace) - 1), min_size=1, max_size=12)
    check(trace, gradient.shapes, [0, len(trace) - 1, *data.draw(steps)])


def test_whole_cells_of_holes_are_passed_over() -> None:
    """A stride of 3 with a kernel of 1: two of three pixels take part in nothing."""
    case = Case(
        {"type": "conv2d", "kernel": np.ones((1, 1, 1, 1)), "stride": 3, "padding": 0,
         "dilation": 1, "mode": "cross_correlation"},
        np.ones((1, 1, 6, 6)), np.ones((1, 1, 1, 1)),
    )  # fmt: skip
    gradient = gradients_of(case, np.ones((1, 1, 2, 2)))
    trace = Trace([gradient.input])

    def reach(position: Position):
        return reach_of(gradient.input, position.cell, gradient.shapes)

    go: Callable[..., int] = partial(move, trace, reach_of=reach)
    assert [go(0, unit="product", forward=True), go(3, unit="product", forward=True)] == [3, 18]
    assert [go(18, unit="cell", forward=False), go(0, unit="cell", forward=False)] == [3, 0]
    assert go(21, unit="cell", forward=True) == 21
    assert go(35, unit="product", forward=False) == 21
    assert go(0, unit="row", forward=True) == 18


def test_back_from_inside_a_unit_goes_to_its_beginning() -> None:
    net = network({"type": "conv2d", "filters": 2, "size": 2}, shape=(1, 3, 3))
    trace = Trace(net.sweeps)

    def go(step: int, unit: str, forward: bool = False) -> int:
        return move(trace, step, unit, forward, lambda position: pytest.fail("nothing to skip"))

    # A product is a step, a cell 4, a row 8, a channel 16.
    assert [go(23, unit) for unit in UNITS] == [22, 20, 16, 16, 0]
    assert [go(16, unit) for unit in UNITS] == [15, 12, 8, 0, 0]
    assert [go(13, unit, True) for unit in UNITS] == [14, 16, 16, 16, 31]
    assert [go(0, unit) for unit in UNITS] == [0] * 5
    assert [go(31, unit, True) for unit in UNITS] == [31] * 5
