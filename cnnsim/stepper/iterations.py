"""The tensors of every iteration: each starts from the weights that the one before it left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping

from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.trained import engine_tensors, trained_values
from cnnsim.network.iteration import KEPT, Iteration
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.course import Course
from cnnsim.stepper.values import Array, Overlay, Values


class KeptIterations(ABC):
    """Values by iteration: those of the opened one stay, of others the last few asked for do.

    Args:
        iteration: what each of them computes.
        opened: the number of the one that stays.
    """

    def __init__(self, iteration: Iteration, opened: int) -> None:
        self._iteration = iteration
        self._opened = opened
        self._first: Values | None = None
        self._later: OrderedDict[int, Values] = OrderedDict()

    @property
    def first(self) -> Values:
        """The values of the iteration that it was opened at."""
        return self.at(self._opened)

    def at(self, number: int, report: Report = silent) -> Values:
        """The values of iteration `number`; what is missing before it is computed.

        That can take long: `report` hears of it, and whatever it raises stops it. What was computed
        until then is kept. Raises CnnsimError where a run has a batch of another size there.
        """
        if number == self._opened and self._first is not None:
            return self._first
        if number in self._later:
            self._later.move_to_end(number)
            return self._later[number]
        return self._made(number, report)

    @abstractmethod
    def _made(self, number: int, report: Report) -> Values:
        """The values of iteration `number`, which are kept from now on."""

    def _keep(self, number: int, values: Values) -> Values:
        if number == self._opened:
            self._first = values
            return values
        self._later[number] = values
        while len(self._later) > KEPT:
            self._later.popitem(last=False)
        return values

    def has(self, number: int) -> bool:
        """Whether iteration `number` is there without computing anything."""
        return number in self._later or (number == self._opened and self._first is not None)

    def trained(self, number: int, tensor: str) -> Array | None:
        """What an engine made of `tensor` when iteration `number` was trained, if it ever was."""
        return None

    def forget(self) -> None:
        """The opened iteration has changed: nothing that followed from it holds."""
        self._later.clear()


class Iterations(KeptIterations):
    """Values by iteration, each computed from the one before it."""

    def __init__(self, iteration: Iteration, leaves: MutableMapping[str, Array]) -> None:
        super().__init__(iteration, 0)
        self._leaves = leaves
        self._keep(0, Values(iteration.sweeps, leaves))

    def _made(self, number: int, report: Report) -> Values:
        before = max((known for known in self._later if known < number), default=0)
        values = self.at(before)
        for following in range(before + 1, number + 1):
            way = _on_the_way(before, following - 1, number, report)
            values = self._keep(following, self._after(values, following, way))
        return values

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


class CourseIterations(KeptIterations):
    """Values of a trained run: each iteration begins where the run was."""

    def __init__(self, iteration: Iteration, course: Course) -> None:
        super().__init__(iteration, course.opened)
        self._course = course
        self._trained: tuple[int, Mapping[str, Array]] | None = None

    def _made(self, number: int, report: Report) -> Values:
        def tell(share: float) -> None:
            report(Progress("computing", f"iteration {number:,}", share))

        leaves = self._course.leaves(number, tell)
        sweeps = [self._course.sweep(sweep, number) for sweep in self._iteration.sweeps]
        return self._keep(number, Values(sweeps, leaves))

    def trained(self, number: int, tensor: str) -> Array | None:
        """What the CPU's engine makes of `tensor` in float32, where it keeps that."""
        if tensor not in engine_tensors(self._iteration):
            return None
        if self._trained is None or self._trained[0] != number:
            leaves = {name: self.at(number)[name] for name in self.at(number).leaves}
            updates = (self._course.sweep(s, number) for s in self._iteration.phases["update"])
            # Where nothing is trained, no update has a rate.
            rate = next((s.params.rate for s in updates if s.has_rate), 0.0)
            self._trained = number, trained_values(self._iteration, leaves, rate)
        return self._trained[1][tensor]

    def forget(self) -> None:
        """The opened iteration has changed: nothing that followed from it holds."""
        super().forget()
        self._trained = None


def _on_the_way(first: int, here: int, last: int, report: Report) -> Report:
    """A report for the sweeps of iteration `here`, between `first` and `last`."""

    def tell(progress: Progress) -> None:
        share = (here - first + progress.share) / (last - first)
        report(Progress(progress.stage, f"iteration {here:,} of {last:,}", share))

    return tell
