"""The tensors of every iteration: each starts from the weights that the one before it left."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, MutableMapping

from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.trained import engine_tensors, trained_values
from cnnsim.network.iteration import KEPT, Iteration
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.course import Course
from cnnsim.stepper.values import Array, Overlay, Values


class Iterations:
    """Values by iteration. Iteration 0 is always there; others are computed anew where needed."""

    def __init__(self, iteration: Iteration, leaves: MutableMapping[str, Array]) -> None:
        self._iteration = iteration
        self._leaves = leaves
        self._first = Values(iteration.sweeps, leaves)
        self._later: OrderedDict[int, Values] = OrderedDict()

    @property
    def first(self) -> Values:
        """The values that it was opened with."""
        return self._first

    def at(self, number: int, report: Report = silent) -> Values:
        """The values of iteration `number`; computes the updates before it that are missing.

        That can take long: `report` hears of each iteration on the way, and whatever it raises
        stops it. What was computed until then is kept.
        """
        if number == 0:
            return self._first
        if number in self._later:
            self._later.move_to_end(number)
            return self._later[number]
        before = max((known for known in self._later if known < number), default=0)
        values = self.at(before)
        for following in range(before + 1, number + 1):
            way = _on_the_way(before, following - 1, number, report)
            values = self._after(values, following, way)
            self._later[following] = values
            while len(self._later) > KEPT:
                self._later.popitem(last=False)
        return values

    def has(self, number: int) -> bool:
        """Whether iteration `number` is there without computing anything."""
        return number == 0 or number in self._later

    def trained(self, number: int, tensor: str) -> Array | None:
        """What an engine made of `tensor` when iteration `number` was trained; it never was."""
        return None

    def forget(self) -> None:
        """The first iteration has changed: nothing that followed from it holds."""
        self._later.clear()

    def _after(self, values: Values, number: int, report: Report) -> Values:
        """The values of iteration `number`, the one after `values`."""
        values.compute(list(self._iteration.carried.values()), report)
        carried = {leaf: values[tensor] for leaf, tensor in self._iteration.carried.items()}
        if COUNTER in self._leaves:
            carried[COUNTER] = values[COUNTER] + 1
        network = self._iteration.network
        for name, constant in network.constants.items():
            carried[name] = constant.draw(network.seed, name, number)
        return Values(self._iteration.sweeps, Overlay(self._leaves, carried))


class CourseIterations(Iterations):
    """Values of a trained run: each iteration begins where the run was."""

    def __init__(self, iteration: Iteration, course: Course) -> None:
        self._iteration = iteration
        self._course = course
        self._later = OrderedDict()
        self._opened: Values | None = None
        self._trained: tuple[int, Mapping[str, Array]] | None = None

    @property
    def first(self) -> Values:
        """The values of the iteration that the course was opened at."""
        return self.at(self._course.opened)

    def at(self, number: int, report: Report = silent) -> Values:
        """The values of iteration `number`; the updates before it are done again.

        Raises CnnsimError where that has a batch of another size.
        """
        if number == self._course.opened:
            if self._opened is None:
                self._opened = self._made(number, report)
            return self._opened
        if number not in self._later:
            self._later[number] = self._made(number, report)
            while len(self._later) > KEPT:
                self._later.popitem(last=False)
        self._later.move_to_end(number)
        return self._later[number]

    def _made(self, number: int, report: Report) -> Values:
        def tell(share: float) -> None:
            report(Progress("computing", f"iteration {number:,}", share))

        leaves = self._course.leaves(number, tell)
        return Values(
            [self._course.sweep(sweep, number) for sweep in self._iteration.sweeps], leaves
        )

    def has(self, number: int) -> bool:
        """Whether iteration `number` is there without computing anything."""
        is_opened = number == self._course.opened and self._opened is not None
        return is_opened or number in self._later

    def trained(self, number: int, tensor: str) -> Array | None:
        """What the CPU's engine makes of `tensor` in float32, where it keeps that."""
        if tensor not in engine_tensors(self._iteration):
            return None
        if self._trained is None or self._trained[0] != number:
            leaves = {name: self.at(number)[name] for name in self.at(number).leaves}
            updates = (self._course.sweep(s, number) for s in self._iteration.phases["update"])
            rate = next(s.params.rate for s in updates if hasattr(s.params, "rate"))
            self._trained = number, trained_values(self._iteration, leaves, rate)
        return self._trained[1][tensor]


def _on_the_way(first: int, here: int, last: int, report: Report) -> Report:
    """A report for the sweeps of iteration `here`, between `first` and `last`."""

    def tell(progress: Progress) -> None:
        share = (here - first + progress.share) / (last - first)
        report(Progress(progress.stage, f"iteration {here:,} of {last:,}", share))

    return tell
