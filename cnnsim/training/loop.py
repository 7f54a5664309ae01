"""The loop: epochs of updates, measured, and saved so often that little can be lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cnnsim.errors import printable
from cnnsim.kernels.engine import Engine
from cnnsim.training.activations import Activations
from cnnsim.training.batches import Batches
from cnnsim.training.checkpoint import Point, point_at
from cnnsim.training.control import Control
from cnnsim.training.evaluate import measure
from cnnsim.training.load import data_of
from cnnsim.training.pace import Pace
from cnnsim.training.probe import Probe
from cnnsim.training.run import Run, best_accuracy, is_better
from cnnsim.training.runfolder import BEST, LAST
from cnnsim.training.samples import Split
from cnnsim.training.schedule import Change, rates
from cnnsim.training.snapshot import Tested, take_snapshot

#: Seconds of work after which it is saved.
_PATIENCE = 1.0
#: Seconds after which the end of an epoch is saved: epochs can take milliseconds.
_PAUSE = 0.25
#: Seconds that updates are taken for before anybody looks whether to stop.
_PIECE = 0.1


@dataclass(frozen=True)
class Outcome:
    """How training ended: ``finished``, ``stopped`` or ``diverged``, and after which update."""

    how: str
    iteration: int


#: Hears of every event of a run.
Tell = Callable[[dict[str, Any]], None]


class Training:
    """One run being trained.

    Args:
        run: its folder, which this process holds.
        engine: what computes.
        split: its pictures.
        report: hears of every epoch, and of progress in between.
        control: asked between a few updates whether to go on.
    """

    def __init__(
        self, run: Run, engine: Engine, split: Split, report: Tell, control: Control
    ) -> None:
        self._run = run
        self._engine = engine
        self._split = split
        self._report = report
        self._control = control
        self._batches = batches_of(run, split)
        self._total = run.optimizer.epochs * self._batches.each
        self._iteration = 0
        self._loss = 0.0
        self._saved = perf_counter()
        self._measured: list[dict[str, Any]] = []
        self._best: float | None = None
        self._best_state: tuple[dict[str, Any], Point] | None = None
        self._changes: tuple[Change, ...] = ()
        self._is_paused = False
        # The specimen that somebody who looks on wants to see; None where nobody does.
        self._shown: int | None = None
        self._activations: Activations | None = None
        self._probe = Probe(run)
        self._tested: Tested | None = None

    def go(self) -> Outcome:
        """Train from the last checkpoint, or from the beginning, to the end.

        Raises UsageError where the checkpoint does not belong to these pictures, CnnsimError where
        it cannot be saved.
        """
        self._begin()
        pace = Pace(_PIECE)
        while self._iteration < self._total:
            room = self._attend()
            if not room:
                self._save()
                if self._shown is not None:
                    self._tell_look()
                return Outcome("stopped", self._iteration)
            room = self._room_to_probe(room)
            began = perf_counter()
            piece = self._batches.piece(self._iteration, min(pace.most, room))
            count, size = piece.batches.shape
            steps = rates(
                self._run.optimizer, self._iteration, self._iteration + count,
                self._batches.each, self._changes,
            )  # fmt: skip
            losses = self._engine.train(piece.pictures, piece.classes, piece.batches, steps)
            spent = perf_counter() - began
            if self._probe.is_wanted:
                self._probe.after(self._engine, float(steps[0]), size)
            if not np.isfinite(losses).all():
                bad = int(np.flatnonzero(~np.isfinite(losses))[0])
                self._save_measured()
                return Outcome("diverged", self._iteration + bad)
            for loss in losses.tolist():
                self._loss += loss * size
            self._iteration += count
            pace.add(count, count * size, spent)
            self._tell_progress(pace.speed, float(steps[-1]))
            if self._iteration % self._batches.each == 0:
                self._end_epoch(pace.speed or size / spent)
                pace.begin()
            if self._is_due() and not self._save():
                return Outcome("diverged", self._iteration - 1)
        if self._shown is not None:
            self._tell_look()
        return Outcome("finished", self._iteration)

    def _attend(self) -> int:
        """Do what is asked for, and wait where that is to pause.

        How many updates may follow; none where the run is to be left.
        """
        control = self._control
        while not control.is_stopping():
            if (rate := control.take_rate()) is not None:
                self._change_rate(rate)
            if (shown := control.take_look()) is not None:
                self._shown = shown
                self._tell_look(self._is_paused)
            room = control.room(self._iteration, self._batches.each)
            if room:
                self._is_paused = False
                return room
            if not self._is_paused:
                self._is_paused = True
                self._save()
                self._probe.end()
                self._tell_look()
                self._report({"kind": "paused", "seed": self._run.seed, **self._place()})
            control.wait()
        return 0

    def _room_to_probe(self, room: int) -> int:
        """The same room, or one update where it is to be measured; the last ones always are."""
        probe = self._probe
        if self._shown is not None:
            before_last = self._total - probe.updates - self._iteration
            if before_last > 0:
                room = min(room, before_last)
            elif before_last == 0:
                probe.want()
        if room == 1:
            probe.want()
        if not probe.is_wanted:
            return room
        probe.before(self._engine)
        return 1

    def _change_rate(self, rate: float) -> None:
        """Another rate from the next update on; the folder knows before it is used."""
        change = Change(self._iteration, rate)
        self._run.add_rate_change(change)
        self._changes = (*self._changes, change)
        self._report({"kind": "rate", "seed": self._run.seed, **self._place(), "rate": rate})

    def _tell_look(self, stands: bool = True) -> None:
        """How the network looks, in full where it `stands` still.

        Its gradients are measured anew in the updates that follow.
        """
        shown = self._shown or 0
        tensors = self._engine.tensors()
        snapshot = take_snapshot(self._run, tensors, self._iteration)
        if self._tested is not None:
            snapshot |= self._tested.as_json(self._run, self._split)
        if self._activations is None:
            self._activations = Activations(self._run, self._split)
        if stands or self._activations.is_due:
            snapshot |= self._activations.look(tensors, shown)
        self._report(snapshot | {"gradients": self._probe.rows})
        self._probe.want()

    def _place(self) -> dict[str, int]:
        return {"epoch": self._iteration // self._batches.each, "iteration": self._iteration}

    def _begin(self) -> None:
        """Take over what was saved; what was measured after it is measured again."""
        run = self._run
        self._changes = run.keep_rate_changes()
        if not (run.folder / LAST).exists():
            run.keep_metrics(0)
            self._engine.load(run.initial())
            # Whether it can be saved shows now, not after an hour.
            self._save()
            return
        tensors, point = run.take_up(self._split.digest, self._total)
        if point.engine != self._engine.name:
            what = (
                f"{printable(str(run.folder))} was trained by another engine, {point.engine}; "
                f"{self._engine.name} goes on, and last digits may differ"
            )
            self._report({"kind": "note", "what": what})
        self._engine.load(tensors)
        self._iteration, self._loss = point.iteration, point.loss
        rows = run.keep_metrics(point.epoch)
        self._best = best_accuracy(rows)

    def _point(self) -> Point:
        each, engine = self._batches.each, self._engine.name
        return point_at(self._iteration, each, self._loss, engine, self._split)

    def _tell_progress(self, speed: float, rate: float) -> None:
        told = progress_at(self._iteration, self._total, self._batches, self._loss, speed)
        self._report({**told, "seed": self._run.seed, "rate": rate})

    def _end_epoch(self, speed: float) -> None:
        outputs = self._engine.outputs(self._split.test.pictures)
        found = measure(self._run.scenario, outputs, self._split.test.classes)
        epoch = self._iteration // self._batches.each
        self._tested = Tested(found, outputs, self._iteration)
        loss = self._loss / len(self._split.train)
        row = self._run.measured(epoch, loss, found.loss, found.accuracy)
        self._loss = 0.0
        self._measured.append(row)
        if is_better(self._best, row):
            self._best = found.accuracy
            self._best_state = (self._engine.tensors(), self._point())
        self._report({**row, "images_per_second": speed})

    def _is_due(self) -> bool:
        if self._iteration == self._total:
            return True
        passed = perf_counter() - self._saved
        ended = self._iteration % self._batches.each == 0
        return passed >= (_PAUSE if ended else _PATIENCE)

    def _save(self) -> bool:
        """Save everything, the checkpoint last: what it counts must be there.

        False where a parameter is no number: then the checkpoint stays as it is.
        """
        self._save_measured()
        tensors = self._engine.tensors()
        if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
            return False
        self._run.write(tensors, self._point())
        self._saved = perf_counter()
        return True

    def _save_measured(self) -> None:
        """Save the best epoch and what was measured: all that was reported, however it ends."""
        if self._best_state is not None:
            self._run.write(*self._best_state, BEST)
            self._best_state = None
        if self._measured:
            self._run.add_metrics(self._measured)
            self._measured = []


def batches_of(run: Run, split: Split) -> Batches:
    """The updates of a run."""
    data = data_of(run.scenario)
    return Batches(split.train, run.optimizer.batch, run.seed, data.shuffle, data.shift)


def progress_at(
    iteration: int, total: int, batches: Batches, loss: float, speed: float, models: int = 1
) -> dict[str, Any]:
    """The event ``progress`` after so many updates of `total`.

    Of `models` at once, whose losses of this epoch's pictures so far add up to `loss`.
    """
    epoch, within = divmod(iteration - 1, batches.each)
    count = min((within + 1) * batches.batch, len(batches.samples)) * models
    return {
        "kind": "progress",
        "epoch": epoch + 1,
        "iteration": iteration,
        "iterations": total,
        "loss": loss / count,
        "images_per_second": speed,
    }
