"""Many runs of one network in step on a GPU: what differs is the seed, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache, partial
from time import perf_counter
from typing import Any

import numpy as np

from cnnsim.kernels.cuda.models.engine import ModelsEngine
from cnnsim.kernels.engine import Floats32, Floats64
from cnnsim.kernels.fill import Progress
from cnnsim.training.batches import epoch_of
from cnnsim.training.checkpoint import Point, point_at
from cnnsim.training.evaluate import guesses
from cnnsim.training.load import load
from cnnsim.training.loop import Outcome, Tell, batches_of, progress_at
from cnnsim.training.pace import Pace
from cnnsim.training.run import Run, best_accuracy, is_better
from cnnsim.training.runfolder import BEST, LAST
from cnnsim.training.samples import Split
from cnnsim.training.schedule import Change, rates
from cnnsim.training.session import ending

#: Seconds that a launch takes: between two of them somebody looks whether to stop.
_PIECE = 0.05
#: Seconds of work after which it is saved, and how much longer than saving it must have been.
_PATIENCE, _TIMES = 5.0, 10.0
#: Checkpoints that are written at a time: each waits for the disk.
_WRITERS = 16


@dataclass
class _Member:
    """One run, and where it stands beyond what all of them have alike."""

    run: Run
    changes: tuple[Change, ...]
    loss: float = 0.0
    best: float | None = None
    best_point: Point | None = None
    measured: list[dict[str, Any]] = field(default_factory=list)


def train_cohort(runs: Sequence[Run], report: Tell, stop: Callable[[], bool]) -> None:
    """Train runs that stand at the same update with the same pictures, or until `stop` says so.

    `report` hears of every epoch and of the end of each run, with the ``run`` that it belongs to;
    of progress for all of them, under the name ``together``. Raises CnnsimError where they cannot
    be trained, or saved.
    """
    with ExitStack() as held:
        for run in runs:
            held.enter_context(run.held())
        _Cohort(runs, report, stop).go()


class _Cohort:
    """Trains `runs`, which this process holds; `stop` is asked between launches."""

    def __init__(self, runs: Sequence[Run], report: Tell, stop: Callable[[], bool]) -> None:
        self._runs = runs
        self._report = report
        self._stop = stop
        self._began = self._saved = perf_counter()
        self._saving = 0.0
        self._iteration = 0
        self._moved_in = -1
        together = f"{runs[0].name}, {len(runs)} models"
        self._together = together
        self._members = {
            number: _Member(run, run.rate_changes()) for number, run in enumerate(runs)
        }
        self._split = split = load(runs[0].scenario)
        batches = [batches_of(run, split) for run in runs]
        self._batches, self._each = batches[0], batches[0].each
        self._sizes = np.array([self._batches.size(update) for update in range(self._each)])
        self._epoch = lru_cache(maxsize=2)(partial(epoch_of, batches))
        self._total = runs[0].optimizer.epochs * self._each

        def compiling(progress: Progress) -> None:
            event = {"kind": "compiling", "what": progress.sweep, "together": together}
            report({"run": str(runs[0].folder), **event})

        # It must not know this cohort: the GPU's memory is held as long as the two live.
        self._engine = ModelsEngine(runs[0].iteration, len(runs), compiling)

    def go(self) -> None:
        """Train them all to the end, or until asked to stop. Raises CnnsimError."""
        self._begin()
        pace = Pace(_PIECE)
        while self._iteration < self._total and self._members:
            if self._stop():
                self._save()
                self._end_all("stopped")
                return
            began = perf_counter()
            count, losses, sizes = self._launch(pace.most)
            spent = perf_counter() - began
            self._take_losses(losses, sizes)
            self._iteration += count
            pace.add(count, int(sizes.sum()), spent)
            self._tell_progress(pace.speed * len(self._members))
            if self._iteration % self._each == 0:
                self._end_epoch(pace.speed or sizes.sum() / spent)
                pace.begin()
            if perf_counter() - self._saved > max(_PATIENCE, _TIMES * self._saving):
                self._save()
        self._save()
        self._end_all("finished")

    def _launch(self, most: int) -> tuple[int, Floats64, Any]:
        """Take updates of every model: how many, their losses [models, updates], the sizes."""
        epoch, first = divmod(self._iteration, self._each)
        last = min(first + most, self._each)
        drawn, sizes = self._epoch(epoch), self._sizes[first:last]
        if epoch != self._moved_in:
            self._moved_in = epoch
            self._engine.move(drawn.moves)
        paces = np.zeros((len(self._runs), last - first))
        by_changes: dict[tuple[Change, ...], Floats64] = {}
        for number, member in self._members.items():
            if member.changes not in by_changes:
                by_changes[member.changes] = rates(
                    member.run.optimizer, self._iteration, self._iteration + last - first,
                    self._each, member.changes,
                )  # fmt: skip
            paces[number] = by_changes[member.changes]
        losses = self._engine.train(drawn.batches[:, first:last], sizes, paces)
        # The GPU is at work now: what the next epoch needs is drawn meanwhile.
        if last == self._each and (epoch + 1) * self._each < self._total:
            self._epoch(epoch + 1)
        return last - first, losses(), sizes

    def _take_losses(self, losses: Floats64, sizes: Any) -> None:
        """Add up each model's losses; one that is no number ends its model, not the others."""
        before = np.zeros((len(self._runs), 1))
        for number, member in self._members.items():
            before[number] = member.loss
        # One after the other, however many a launch took: the same bits.
        totals = np.cumsum(np.hstack([before, losses * sizes]), axis=1)[:, -1]
        for number, member in list(self._members.items()):
            if math.isfinite(totals[number]):
                member.loss = float(totals[number])
                continue
            bad = int(np.flatnonzero(~np.isfinite(losses[number]))[0])
            self._diverge(number, self._iteration + bad)

    def _diverge(self, number: int, iteration: int) -> None:
        """A model's numbers are none any more: its last good checkpoint stays."""
        member = self._members.pop(number)
        self._engine.drop(number)
        self._write_measured(number, member)
        if not (member.run.folder / LAST).is_file():
            member.run.write(self._begun(member.run), self._point_at(0, 0.0))
        self._tell_end(member, Outcome("diverged", iteration))

    # -- beginning and saving ----------------------------------------------------------------------

    def _begin(self) -> None:
        """Take over what was saved; what was measured after it is measured again."""
        every = []
        others = set()
        for member in self._members.values():
            run = member.run
            if not (run.folder / LAST).is_file():
                run.keep_metrics(0)
                every.append(self._begun(run))
                continue
            tensors, point = run.take_up(self._split.digest, self._total)
            if point.engine != self._engine.name:
                others.add(point.engine)
            every.append(tensors)
            self._iteration, member.loss = point.iteration, point.loss
            member.best = best_accuracy(run.keep_metrics(point.epoch))
        for engine in sorted(others):
            what = f"{self._together}: trained by another engine before, {engine}; "
            what += f"{self._engine.name} goes on, and last digits may differ"
            self._report({"kind": "note", "run": str(self._runs[0].folder), "what": what})
        self._engine.load(every, self._iteration)
        for what, samples in (("train", self._split.train), ("test", self._split.test)):
            loss, network = self._runs[0].scenario.iteration.loss, self._runs[0].scenario.network
            assert loss is not None, "checked when the scenario was read"
            output = network.places[network.layers[-1].name].output
            self._engine.give(what, samples.pictures, loss.rows(samples.classes, output))
        # Whether it can be saved shows now, not after an hour.
        first = self._members[0].run
        if not (first.folder / LAST).is_file():
            first.write(every[0], self._point(self._members[0]))

    def _begun(self, run: Run) -> dict[str, Any]:
        """What a checkpoint holds before the first update: the optimiser keeps zeros."""
        # The shapes of all runs are those of the first: to work them out takes longer than to draw.
        states = self._runs[0].iteration.states
        return {
            **run.initial(),
            **{name: np.zeros(shape, np.float32) for name, shape in states.items()},
        }

    def _save(self) -> None:
        """Save everything, a run's checkpoint last: what it counts must be there."""
        began = perf_counter()
        states = {number: self._engine.tensors(number) for number in self._members}
        for number, tensors in states.items():
            if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
                self._diverge(number, self._iteration - 1)

        def write(number: int) -> None:
            member = self._members[number]
            self._write_measured(number, member)
            member.run.write(states[number], self._point(member))

        if any(member.best_point for member in self._members.values()):
            self._engine.fetch_kept()
        with ThreadPoolExecutor(_WRITERS) as pool:
            for done in [pool.submit(write, number) for number in self._members]:
                done.result()
        self._saved = perf_counter()
        self._saving = self._saved - began

    def _write_measured(self, number: int, member: _Member) -> None:
        """Save the best epoch and what was measured: all that was reported, however it ends."""
        if member.best_point is not None:
            member.run.write(self._engine.kept(number), member.best_point, BEST)
            member.best_point = None
        if member.measured:
            member.run.add_metrics(member.measured)
            member.measured = []

    def _point(self, member: _Member) -> Point:
        return self._point_at(self._iteration, member.loss)

    def _point_at(self, iteration: int, loss: float) -> Point:
        return point_at(iteration, self._each, loss, self._engine.name, self._split)

    # -- telling -----------------------------------------------------------------------------------

    def _end_epoch(self, speed: float) -> None:
        """Test every model, and keep those that are better than ever."""
        answers, losses = self._engine.test()
        right = _right(answers, self._split)
        epoch = self._iteration // self._each
        kept = np.zeros(len(self._runs), np.bool_)
        for number, member in self._members.items():
            accuracy, loss = int(right[number]) / len(self._split.test), float(losses[number])
            mean = member.loss / len(self._split.train)
            row = member.run.measured(epoch, mean, loss, accuracy)
            member.loss = 0.0
            member.measured.append(row)
            if is_better(member.best, row):
                member.best, member.best_point = accuracy, self._point(member)
                kept[number] = True
            event = {**row, "images_per_second": speed, "together": self._together}
            self._report({"run": str(member.run.folder), **event})
        self._engine.keep(kept)

    def _tell_progress(self, speed: float) -> None:
        if not self._members:
            return
        loss = math.fsum(member.loss for member in self._members.values())
        models = len(self._members)
        told = progress_at(self._iteration, self._total, self._batches, loss, speed, models)
        place = {"run": str(self._runs[0].folder), "together": self._together}
        self._report({**told, **place})

    def _end_all(self, how: str) -> None:
        for member in self._members.values():
            self._tell_end(member, Outcome(how, self._iteration))

    def _tell_end(self, member: _Member, outcome: Outcome) -> None:
        seconds = perf_counter() - self._began
        self._report(
            {
                "run": str(member.run.folder),
                **ending(member.run, self._split, outcome, seconds),
            }
        )


def _right(answers: Floats32, split: Split) -> Any:
    """How many test pictures each model recognises [models]."""
    models, count, outputs = answers.shape[0], answers.shape[1], answers.shape[2]
    found = guesses(answers.reshape(models * count, outputs)).reshape(models, count)
    return (found == split.test.classes).sum(axis=1)
