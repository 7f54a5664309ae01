"""Any iteration of a run, seen again: the weights, the batch and the rate that trained it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import AddressError, UsageError
from cnnsim.network.graph import INPUT
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.scenario import Scenario
from cnnsim.steps.address import iteration_of
from cnnsim.steps.sweep import Sweep
from cnnsim.training.history import History
from cnnsim.training.run import open_run

Array = npt.NDArray[Any]


class Rerun:
    """The course of a run. See `scenario.course.Course`."""

    def __init__(self, history: History, opened: int) -> None:
        """Raises AddressError where the run has no iteration `opened`."""
        self.history = history
        self.opened = opened
        self.iterations = history.total
        if opened >= self.iterations:
            raise AddressError(
                f"iteration {opened:,} does not exist",
                f"iterations of this run go from 0 to {self.iterations - 1:,}",
            )

    @cached_property
    def scenario(self) -> Scenario:
        """The run's scenario, with the batch and the rate of the opened iteration."""
        run = self.history.run
        pictures, classes = self.history.batch(self.opened)
        iteration = run.scenario.iteration.resized(len(pictures), True)
        loss = iteration.loss
        assert loss is not None, "checked when the scenario was read"
        last = iteration.network.places[iteration.network.layers[-1].name]
        target = loss.rows(classes, last.output)
        changes = {"rate": self.history.rate(self.opened), "iterations": self.iterations}
        iteration = replace(
            iteration,
            loss=loss.model_copy(update={"target": target}),
            optimizer=run.optimizer.model_copy(update=changes),
        )
        return replace(run.scenario, iteration=iteration, course=self)

    @property
    def done(self) -> int:
        """How many iterations have been trained and saved so far."""
        return self.history.done

    def sweep(self, sweep: Sweep, number: int) -> Sweep:
        """`sweep` with the learning rate of iteration `number`."""
        if not sweep.has_rate:
            return sweep
        return replace(sweep, params=sweep.params_at(self.history.rate(number)))

    def fits(self, number: int) -> bool:
        """Whether the batch of iteration `number` has the size of the opened one's.

        The last batch of an epoch may be smaller than the others.
        """
        return self.history.size(number) == self.history.size(self.opened)

    def reopened(self, number: int) -> Scenario:
        """The run's scenario, with the batch and the rate of iteration `number`."""
        return Rerun(self.history, number).scenario

    def leaves(self, number: int, report: Callable[[float], None]) -> MutableMapping[str, Array]:
        """Every tensor that iteration `number` begins with.

        Raises UsageError where it does not fit.
        """
        if not self.fits(number):
            size, opened = self.history.size(number), self.history.size(self.opened)
            raise UsageError(
                f"iteration {number:,} has a batch of {size} pictures, not {opened}",
                f'begin there: "{number}:…"',
            )
        pictures, classes = self.history.batch(number)
        tensors = self.history.tensors(number, report)
        iteration = self.scenario.iteration
        network = iteration.network
        assert iteration.loss is not None, "checked when the scenario was read"
        last = network.places[network.layers[-1].name]
        found: dict[str, Array] = {
            INPUT: pictures,
            f"{LOSS}.target": iteration.loss.rows(classes, last.output),
            **tensors,
            COUNTER: np.array([number + 1.0]),
        }
        for name, constant in network.constants.items():
            found[name] = constant.draw(network.seed, name, number)
        return found


def open_rerun(folder: Path, at: str | None) -> Scenario:
    """The run in `folder` as a scenario, at the iteration that the address `at` begins with.

    Raises UsageError where it holds no run, AddressError where there is no such iteration.
    """
    return Rerun(History(open_run(folder)), iteration_of(at or "") or 0).scenario
