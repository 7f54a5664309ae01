"""Any iteration of a run, seen again: the weights, the batch and the rate that trained it.

Weights come from the nearest checkpoint before it; the updates in between are done again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import AddressError, UsageError, printable
from cnnsim.kernels.choose import engine_for
from cnnsim.kernels.engine import Engine
from cnnsim.kernels.processors import processors
from cnnsim.network.graph import INPUT
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.scenario import Scenario
from cnnsim.steps.sweep import Sweep
from cnnsim.training.batches import Piece
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.run import BEST, LAST, Run, open_run
from cnnsim.training.schedule import rates

#: Updates that are done again between two reports.
_AT_ONCE = 64

Array = npt.NDArray[Any]


class Rerun:
    """The course of a run. See `scenario.course.Course`."""

    def __init__(self, run: Run, opened: int) -> None:
        """Raises AddressError where the run has no iteration `opened`."""
        self.run = run
        self.opened = opened
        split = load(run.scenario)
        self._digest = split.digest()
        self._changes = run.rate_changes()
        self._batches = batches_of(run, split)
        self.iterations = run.optimizer.epochs * self._batches.each
        if opened >= self.iterations:
            raise AddressError(
                f"iteration {opened:,} does not exist",
                f"iterations of this run go from 0 to {self.iterations - 1:,}",
            )
        self._engine: Engine | None = None
        self._at = 0

    @cached_property
    def scenario(self) -> Scenario:
        """The run's scenario, with the batch and the rate of the opened iteration."""
        run = self.run
        pictures, classes = self._batch(self.opened)
        iteration = run.scenario.iteration.resized(len(pictures), True)
        loss = iteration.loss
        assert loss is not None, "checked when the scenario was read"
        last = iteration.network.places[iteration.network.layers[-1].name]
        target = loss.rows(classes, last.output)
        changes = {"rate": self.rate(self.opened), "iterations": self.iterations}
        iteration = replace(
            iteration,
            loss=loss.model_copy(update={"target": target}),
            optimizer=run.optimizer.model_copy(update=changes),
        )
        return replace(run.scenario, iteration=iteration, course=self)

    def rate(self, number: int) -> float:
        """The learning rate of an iteration."""
        return float(self._rates(number, number + 1)[0])

    def _rates(self, first: int, last: int) -> Array:
        """The learning rates of iterations `first` .. `last` - 1, changed ones included."""
        return rates(self.run.optimizer, first, last, self._batches.each, self._changes)

    def sweep(self, sweep: Sweep, number: int) -> Sweep:
        """`sweep` with the learning rate of iteration `number`."""
        if "rate" not in getattr(sweep.params, "_fields", ()):
            return sweep
        return replace(sweep, params=sweep.params._replace(rate=self.rate(number)))

    def leaves(self, number: int, report: Callable[[float], None]) -> MutableMapping[str, Array]:
        """Every tensor that iteration `number` begins with.

        Raises UsageError where its batch is of another size than that of the opened one: the last
        batch of an epoch may be smaller.
        """
        pictures, classes = self._batch(number)
        opened = len(self._batch(self.opened)[0])
        if len(pictures) != opened:
            raise UsageError(
                f"iteration {number:,} has a batch of {len(pictures)} pictures, not {opened}",
                f'open it by itself: --at "{number}:…"',
            )
        tensors = self._go_to(number, report).tensors()
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

    def _batch(self, number: int) -> tuple[Array, Array]:
        piece = self._batches.piece(number, 1)
        chosen = piece.batches[0]
        return piece.pictures[chosen], piece.classes[chosen]

    def _go_to(self, number: int, report: Callable[[float], None]) -> Engine:
        """An engine that has done `number` updates."""
        engine = self._engine
        if engine is None or self._at > number:
            engine = engine_for(self.run.iteration, processors())
            self._at = self._load(engine, number)
            self._engine = engine
        begun = self._at
        while self._at < number:
            report((self._at - begun) / (number - begun))
            piece: Piece = self._batches.piece(self._at, min(_AT_ONCE, number - self._at))
            count = len(piece.batches)
            steps = self._rates(self._at, self._at + count)
            engine.train(piece.pictures, piece.classes, piece.batches, steps)
            self._at += count
        return engine

    def _load(self, engine: Engine, number: int) -> int:
        """Load the nearest checkpoint at or before `number`; the updates it has done."""
        found: tuple[int, dict[str, Any]] = (0, self.run.initial())
        for which in (BEST, LAST):
            if not (self.run.folder / which).is_file():
                continue
            tensors, point = self.run.read(which)
            # What another engine computed differs in its last digits from what this one goes on to.
            same = point.engine == engine.name and point.data == self._digest
            if same and found[0] < point.iteration <= number:
                found = (point.iteration, tensors)
        engine.load(found[1])
        return found[0]


def open_rerun(folder: Path, at: str | None) -> Scenario:
    """The run in `folder` as a scenario, at the iteration that the address `at` begins with.

    Raises UsageError where it holds no run, AddressError where there is no such iteration.
    """
    match = re.match(r"\s*([\d,]+)\s*:", at or "")
    text = match[1].replace(",", "") if match else "0"
    if len(text) > 18:
        raise AddressError(f"iteration {printable(text, 40)} does not exist")
    return Rerun(open_run(folder), int(text)).scenario
