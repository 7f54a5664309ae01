"""The compiled functions of an engine: found, or compiled, when they are first wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnsim.kernels.fill import Report
from cnnsim.kernels.native import addresses, caller, native_for
from cnnsim.kernels.passing import Caller

_LOOPS = "cnnsim.kernels.lanes.loops"


class Entries:
    """Calls what is compiled in `cnnsim.kernels.lanes.loops`.

    The types of what an engine passes never change: what was found once stays right.
    """

    def __init__(self, report: Report, processes: int) -> None:
        """`report` hears what is compiled, by as many `processes` as there may be."""
        self._report = report
        self._processes = processes
        #: And where the two halves of a step begin.
        self._steps: tuple[Caller, int, int] | None = None
        self._singles: Caller | None = None
        self._pictures: Caller | None = None

    def run_steps(self, *arguments: Any) -> Callable[[int, int], None]:
        """Steps, for a thread and how many there are; all else but the halves goes ahead."""
        if self._steps is None:
            array, ops, cells, places, _, loss, input_places, output_places, *others = arguments
            inputs, classes, values, batches, _, keys, *_ = others
            net, its = (array, ops, cells, places), (batches, keys)
            there = (*net, input_places, inputs, *its, 0, 0, 0, 0)
            back = (*net, loss, output_places, classes, values, *its, 0, 0, 0)
            backward = native_for(f"{_LOOPS}.block:backward_block", *back)
            forward = native_for(f"{_LOOPS}.block:forward_block", *there)
            steps = native_for(f"{_LOOPS}.step:run_steps", *arguments, 0, 0, 0, 0)
            back_at, forward_at, steps_at = addresses(
                [backward, forward, steps], self._report, self._processes
            )
            self._steps = Caller(steps_at, steps.types), forward_at, back_at
        run, *halves = self._steps
        return run.bound(*arguments, *halves)

    def run_singles(self, *arguments: Any) -> None:
        """Steps of single samples."""
        if self._singles is None:
            place = f"{_LOOPS}.single_step:run_singles"
            self._singles = caller(place, *arguments, report=self._report)
        self._singles.bound(*arguments)()

    def see_pictures(self, *arguments: Any) -> Callable[[int, int], None]:
        """A few pictures forward, for a thread and how many there are; all else goes ahead."""
        if self._pictures is None:
            place = f"{_LOOPS}.picture:see_pictures"
            self._pictures = caller(place, *arguments, 0, 0, report=self._report)
        return self._pictures.bound(*arguments)
