"""What ``cnnsim train`` prints: lines while it goes on, a table and means at the end."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnsim.amounts import percent
from cnnsim.cli.interrupt import Interrupt
from cnnsim.cli.main import complain
from cnnsim.cli.output import Column, emit, loss_text, print_table
from cnnsim.cli.streams import forget_output, output
from cnnsim.cli.trainprogress import TrainProgress
from cnnsim.errors import CnnsimError, printable
from cnnsim.training.runfolder import LAST

if TYPE_CHECKING:
    from cnnsim.training.run import Run

_COLUMNS = [
    Column("scenario"),
    Column("seed", right=True),
    Column("epochs", right=True),
    Column("train loss", right=True),
    Column("test accuracy", right=True),
    Column("best", right=True),
    Column("seconds", right=True),
    Column("run", wrap=True),
]


class Report:
    """Hears what happens, prints it, and remembers how every run ended."""

    interrupt: Interrupt

    def __init__(self, runs: Sequence[Run], json: bool) -> None:
        self.json = json
        self.progress = TrainProgress(len(runs))
        self.code = 0
        self.stopped: list[str] = []
        self.unheard: OSError | None = None
        self._names = {str(run.folder): (run.name, run.seed, run.optimizer.epochs) for run in runs}
        self._results: dict[str, dict[str, Any]] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        """Hear one event of one run."""
        kind, run = event["kind"], event["run"]
        name, seed, epochs = self._names[run]
        label = f"{name} seed {seed}"
        # Models that are trained side by side have one bar.
        together = event.pop("together", None)
        if kind in ("progress", "epoch"):
            self.interrupt.armed = True
        if kind == "note":
            self.progress.say(lambda what: print(what, file=sys.stderr), event["what"])
            return
        if kind in ("compiling", "progress"):
            self.progress.update(together or label, event, epochs)
            return
        if kind == "epoch":
            if together is None:
                self.progress.update(label, event, epochs)
        else:
            self.progress.finish(label)
        if kind == "result":
            self._results[run] = event
        elif kind == "stopped":
            self.stopped.append(run)
        elif kind == "diverged":
            self.code = max(self.code, 1)
            has_any = (Path(run) / LAST).is_file()
            left = f"its last good checkpoint is in {run}" if has_any else "nothing was saved"
            self.progress.say(
                complain,
                CnnsimError(
                    f"{label} diverged: its loss is no number any more, in epoch {event['epoch']} "
                    f"(update {event['iteration']:,}); {left}",
                    "a smaller training.rate or some training.warm_up helps most often",
                ),
            )
        elif kind == "error":
            self.code = max(self.code, event["code"])
            self.progress.say(complain, CnnsimError(event["message"], event["hint"]))
        if self.json and kind in ("epoch", "result", "diverged"):
            shown = {key: value for key, value in event.items() if kind != "epoch" or key != "run"}
            self._print(shown)

    def _print(self, event: dict[str, Any]) -> None:
        """Print it at once; where that fails, what trains is to be saved and to stop."""
        try:
            emit(event)
            output().flush()
        except OSError as error:
            forget_output()
            self.unheard = error
            self.interrupt.asked = True

    def print_results(self) -> None:
        """The table of all results, in the order of the command."""
        found = [self._results[run] for run in self._names if run in self._results]
        if not found:
            return
        rows = [
            (
                row["scenario"],
                row["seed"],
                row["epochs"],
                loss_text(row["train_loss"]),
                percent(row["test_accuracy"], 2),
                _percent(row["best_test_accuracy"]),
                f"{row['seconds']:.2f}",
                row["run"],
            )
            for row in found
        ]
        print_table(_COLUMNS, rows)

    def print_means(self) -> None:
        """Mean ± deviation over the seeds of every scenario that has several."""
        by_name: dict[str, list[float]] = {}
        for run, row in self._results.items():
            by_name.setdefault(self._names[run][0], []).append(row["test_accuracy"])
        for name in dict.fromkeys(name for name, _, _ in self._names.values()):
            values = by_name.get(name, [])
            if len(values) < 2:
                continue
            mean = math.fsum(values) / len(values)
            spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
            if self.json:
                counts = {"scenario": name, "seeds": len(values)}
                emit({"kind": "mean", **counts, "test_accuracy": mean, "deviation": spread})
            else:
                found = f"{percent(mean, 2)} ± {100 * spread:.2f}"
                print(f"{printable(name)}: {found} over {len(values)} seeds", file=output())


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share, 2)
