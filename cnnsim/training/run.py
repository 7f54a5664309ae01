"""A run folder: ``scenario.toml``, ``metrics.jsonl``, ``last.safetensors``, ``best.safetensors``.

Where the learning rate was changed while it trained there is ``rates.jsonl`` too.

The folder is all that a run is: whoever has it can go on training, evaluate, or step through any
iteration. There are no times in it, so the same run gives the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import Optimizer
from cnnsim.scenario.files import obstacle
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.text import read_text
from cnnsim.scenario.writing import write_whole
from cnnsim.training.checkpoint import Point, Tensors, read_checkpoint, write_checkpoint
from cnnsim.training.files import append_lines, locked
from cnnsim.training.frozen import read_frozen
from cnnsim.training.load import data_of
from cnnsim.training.runfolder import (
    BEST,
    LAST,
    METRICS,
    RATES,
    SCENARIO,
    meant_instead,
)
from cnnsim.training.schedule import Change

#: What to do where a run cannot go on; it is said by every command, not by train alone.
_ANEW = "train --overwrite begins anew"
#: For each checkpoint the other one, and how that is read.
_INSTEAD = {
    LAST: (BEST, "evaluate --best reads the best epoch's"),
    BEST: (LAST, "without --best it is the last epoch's"),
}
#: What every epoch is measured by.
_MEASURED = ("train_loss", "test_accuracy")


@dataclass(frozen=True)
class Run:
    """A run folder with the scenario that it trains."""

    folder: Path
    scenario: Scenario

    @property
    def name(self) -> str:
        """The scenario's name, for people and for JSON."""
        return self.scenario.name

    @property
    def seed(self) -> int:
        """The seed of weights, order, shifts and masks."""
        return self.scenario.model.seed

    @property
    def optimizer(self) -> Optimizer:
        """The table ``[training]``."""
        optimizer = self.scenario.iteration.optimizer
        assert optimizer is not None, "checked when the scenario was read"
        return optimizer

    @property
    def iteration(self) -> Iteration:
        """What one update is: a whole batch in training mode."""
        return self.scenario.update

    def initial(self) -> dict[str, Any]:
        """The parameters before the first update, by name."""
        leaves = self.scenario.leaves()
        return {name: leaves[name] for name in self.scenario.network.parameters}

    def read(self, which: str = LAST) -> tuple[dict[str, Any], Point]:
        """The numbers of a checkpoint. Raises UsageError where there is none, or it is damaged."""
        path = self.folder / which
        where = printable(str(path))
        other, instead = _INSTEAD[which]
        has_other = (self.folder / other).is_file()
        hint = f"{instead}; {_ANEW}" if has_other else _ANEW
        if path.exists() and not path.is_file():
            raise UsageError(f"{where} is no file", hint)
        if not path.exists():
            never = "the run has not been trained so far"
            raise UsageError(f"{where} is not there", hint if has_other else never)
        if what := obstacle(path):
            raise UsageError(f"{where} {what}")
        return read_checkpoint(path, self.iteration, hint)

    def read_for(self, data: int) -> tuple[dict[str, Any], Point]:
        """The last checkpoint, to go on from with the pictures of digest `data`.

        Raises UsageError where it was made with other pictures.
        """
        tensors, point = self.read()
        if point.data != data:
            where = printable(str(self.folder))
            raise UsageError(f"the pictures of {where} have changed since it began", _ANEW)
        return tensors, point

    def take_up(self, data: int, updates: int) -> tuple[dict[str, Any], Point]:
        """The same; raises UsageError too where it was made after the last of `updates`."""
        tensors, point = self.read_for(data)
        if point.iteration > updates:
            where = printable(str(self.folder))
            raise UsageError(f"{where} is further than its last epoch", _ANEW)
        return tensors, point

    def has_changed(self) -> bool:
        """Whether another process has changed it since it was opened: made it longer, or anew."""
        try:
            return read_text(str(self.folder / SCENARIO))[1] != self.scenario.text
        except UsageError:
            return False  # it is gone, or cannot be read: nothing else is known of it

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run for this process alone, as it was when it was opened.

        Raises CnnsimError where another process has it, or has changed or deleted it since.
        """
        with locked(self.folder / SCENARIO):
            if self.has_changed():
                raise CnnsimError(
                    f"{printable(str(self.folder))} has just been changed by another process",
                    "try again: the command reads it anew",
                )
            yield

    def measured(
        self, epoch: int, train_loss: float, test_loss: float, accuracy: float
    ) -> dict[str, Any]:
        """The row of METRICS after an epoch, which is the event ``epoch`` too."""
        return {
            "kind": "epoch",
            "scenario": self.name,
            "seed": self.seed,
            "epoch": epoch,
            "train_loss": train_loss,
            "test_loss": test_loss if math.isfinite(test_loss) else None,
            "test_accuracy": accuracy,
        }

    def write(self, tensors: Tensors, point: Point, which: str = LAST) -> None:
        """Write a checkpoint. Raises CnnsimError where that fails, a full disk for example."""
        with self.saving():
            write_checkpoint(self.folder / which, self.scenario.network, tensors, point)

    def metrics(self) -> list[dict[str, Any]]:
        """What was measured after each epoch; a line that was cut off is left out.

        Raises UsageError where the file is damaged.
        """
        rows = _rows(self.folder / METRICS)
        for number, row in enumerate(rows, 1):
            values = [row.get(key) for key in _MEASURED]
            # A test loss that is no number stands as null.
            values.append(0 if row.get("test_loss", "") is None else row.get("test_loss"))
            if row.get("epoch") != number or not all(map(_is_number, values)):
                raise _damaged(self.folder / METRICS, number)
        return rows

    def metrics_until(self, count: int) -> list[dict[str, Any]]:
        """What was measured after each of the first `count` epochs.

        Raises UsageError where fewer are there, or the file is damaged.
        """
        found = self.metrics()
        if len(found) < count:
            raise UsageError(
                f"{printable(str(self.folder / METRICS))} has {len(found)} epochs and the "
                f"checkpoint {count}",
                _ANEW,
            )
        return found[:count]

    def keep_metrics(self, count: int) -> list[dict[str, Any]]:
        """The same, and what was measured later is forgotten. Raises CnnsimError."""
        found = self.metrics_until(count)
        self._keep_lines(METRICS, [_line(row) for row in found])
        return found

    def add_metrics(self, rows: list[dict[str, Any]]) -> None:
        """Append what was measured. Raises CnnsimError."""
        with self.saving():
            append_lines(self.folder / METRICS, [_line(row) for row in rows])

    def rate_changes(self) -> tuple[Change, ...]:
        """The learning rates that were set while it trained, in order.

        Raises UsageError where their file is damaged.
        """
        changes = []
        for number, row in enumerate(_rows(self.folder / RATES), 1):
            iteration: Any = row.get("iteration")
            rate: Any = row.get("rate")
            if type(iteration) is not int or iteration < 0 or not _is_number(rate) or rate <= 0:
                raise _damaged(self.folder / RATES, number)
            changes.append(Change(iteration, float(rate)))
        return tuple(changes)

    def keep_rate_changes(self) -> tuple[Change, ...]:
        """The same, and a line that was cut off is gone: the next one would be written behind it.

        Raises UsageError where their file is damaged, CnnsimError where it cannot be written.
        """
        changes = self.rate_changes()
        self._keep_lines(RATES, [_rate_line(change) for change in changes])
        return changes

    def _keep_lines(self, name: str, lines: list[str]) -> None:
        """Leave these lines of a file and nothing else. Raises CnnsimError."""
        path = self.folder / name
        kept = "".join(line + "\n" for line in lines).encode("ascii")
        with self.saving():
            held = path.read_bytes() if path.exists() else b""
            if kept != held:
                write_whole(path, kept)

    def add_rate_change(self, change: Change) -> None:
        """Append a learning rate, before any update uses it. Raises CnnsimError."""
        with self.saving():
            append_lines(self.folder / RATES, [_rate_line(change)])

    @contextmanager
    def saving(self) -> Iterator[None]:
        """For what writes its files. Raises CnnsimError where the file system refuses."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise CnnsimError(
                f"the run cannot be saved in {printable(str(self.folder))}: {printable(reason)}",
                "what was saved before is still good: make room and go on with --resume",
            ) from None


def _rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one a line; a last line that was cut off is left out.

    Raises UsageError where the file is damaged.
    """
    if not path.exists():
        return []
    if what := obstacle(path):
        raise UsageError(f"{printable(str(path))} {what}")
    try:
        lines = path.read_text("ascii", errors="replace").splitlines(True)
    except OSError as error:
        reason = printable(error.strerror or str(error))
        raise UsageError(f"{printable(str(path))} cannot be read: {reason}") from None
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            break
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise _damaged(path, number)
        found.append(row)
    return found


def _is_number(value: Any) -> bool:
    """Whether it is one that float64 holds."""
    return isinstance(value, float | int) and abs(value) <= sys.float_info.max


def _damaged(path: Path, line: int) -> UsageError:
    return UsageError(f"{printable(str(path))} is damaged in line {line}", _ANEW)


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, allow_nan=False)


def _rate_line(change: Change) -> str:
    return _line({"kind": "rate", **change._asdict()})


def best_accuracy(rows: list[dict[str, Any]]) -> float | None:
    """That of the epoch in BEST: its test loss must be a number. None where no epoch's is."""
    good = (row["test_accuracy"] for row in rows if row["test_loss"] is not None)
    return max(good, default=None)


def is_better(best: float | None, row: dict[str, Any]) -> bool:
    """Whether the epoch of `row` goes into BEST, where the accuracy so far is `best`."""
    return row["test_loss"] is not None and (best is None or row["test_accuracy"] > best)


def open_run(folder: Path) -> Run:
    """The run in `folder`. Raises UsageError where it holds none."""
    where = printable(str(folder))
    if not folder.is_dir():
        what = f"{where} is no run folder" if folder.exists() else f"there is no run folder {where}"
        raise UsageError(what, meant_instead(folder) or "cnnsim train makes one")
    file = folder / SCENARIO
    if not file.is_file():
        raise UsageError(f"{where} is no run folder: it has no {SCENARIO}", meant_instead(folder))
    scenario = read_frozen(file)
    data_of(scenario)
    return Run(folder, scenario)
