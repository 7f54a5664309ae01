"""``cnnsim train``: headless training, many runs at once."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cnnsim.cli.interrupt import Interrupt
from cnnsim.cli.main import complain
from cnnsim.cli.options import Device, Json, Settings
from cnnsim.cli.output import Column, emit, loss_text, print_table
from cnnsim.cli.progress import Narrator
from cnnsim.cli.seeds import parse_seeds
from cnnsim.cli.source import NO_TOUR, read
from cnnsim.cli.streams import output
from cnnsim.cli.trainboard import Board
from cnnsim.errors import CnnsimError, UsageError, printable

if TYPE_CHECKING:
    from cnnsim.training.run import Run
    from cnnsim.training.samples import Split

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


def train(
    *scenarios: Annotated[
        str,
        Parameter(name="SCENARIO", help="Bundled names, paths, or -; with --resume run folders."),
    ],
    device: Device = "auto",
    seeds: Annotated[
        str | None,
        Parameter(metavar="SEEDS", help="0..9, 3, or 0,2,5..7; default: the scenario's."),
    ] = None,
    epochs: Annotated[
        int | None, Parameter(metavar="N", help="Epochs; default: the scenario's.")
    ] = None,
    threads: Annotated[
        int | None, Parameter(metavar="N", help="Threads in all; default: every processor.")
    ] = None,
    out: Annotated[
        str | None,
        Parameter(metavar="DIR", help="The run folder, or of several runs the folder above."),
    ] = None,
    resume: Annotated[bool, Parameter(help="Go on from the last checkpoint.")] = False,
    overwrite: Annotated[bool, Parameter(help="Begin anew where a run is there.")] = False,
    json: Json = False,
    settings: Settings = (),
) -> int:
    """Train one or many scenarios, with one or many seeds at once; ctrl+c saves and stops."""
    if not scenarios:
        raise UsageError("which scenario?", "for example cnnsim train digits_cnn")
    if resume and overwrite:
        raise UsageError("--resume and --overwrite exclude each other", "choose one")
    for name, number in (("--epochs", epochs), ("--threads", threads)):
        if number is not None and number < 1:
            raise UsageError(f"{name} should be 1 or more, not {number}")
    from cnnsim.kernels.choose import choose_device
    from cnnsim.kernels.processors import processors
    from cnnsim.training.runfolder import is_run_folder

    of_runs = any(map(is_run_folder, scenarios))
    if of_runs:
        # What a run was made with stays as it is.
        options = {"--seeds": seeds, "--set": settings or None, "--epochs": epochs, "--out": out}
        options["--overwrite"] = overwrite or None
        _check_runs(scenarios, [name for name in options if options[name] is not None], resume)
    chosen = choose_device(device)
    words = [*settings, *([f"training.epochs={epochs}"] if epochs else []), NO_TOUR]
    numbers = None if seeds is None else parse_seeds(seeds)
    with Narrator("reading the pictures"):
        if of_runs:
            runs, split = _take_up(scenarios)
        else:
            runs, split = _prepare(scenarios, numbers, words, out, resume, overwrite)
    report = _Report(runs, json)
    # A single run is trained in this process, and so are many that go side by side on a GPU.
    with Interrupt(compiles=len(runs) == 1 or chosen == "cuda") as interrupt, report.board:
        report.interrupt = interrupt
        _go(runs, split, threads or processors(), chosen, report)
    if not json:
        report.print_results()
    report.print_means()
    if report.stopped:
        for run in report.stopped:
            print(f"stopped: {run}; the same command with --resume goes on", file=sys.stderr)
        return 130
    return report.code


def _go(
    runs: Sequence[Run], split: Split | None, threads: int, device: Any, report: _Report
) -> None:
    from cnnsim.training.gpu import began_together, train_on_gpu

    if len(runs) == 1 and not (device == "cuda" and began_together(runs[0])):
        from cnnsim.training.control import Control
        from cnnsim.training.session import train_folder

        folder = runs[0].folder

        def tell(event: dict[str, Any]) -> None:
            report({"run": str(folder), **event})

        control = Control(lambda: report.interrupt.asked)
        train_folder(folder, threads, device, tell, control, split)
        return
    if device == "cuda":
        train_on_gpu(runs, threads, report, lambda: report.interrupt.asked)
        return
    from cnnsim.training.fleet import Fleet

    width = min(len(runs), threads)
    fleet = Fleet([run.folder for run in runs], width, max(1, threads // width), device)
    fleet.go(report, lambda: report.interrupt.asked)


def _check_runs(folders: Sequence[str], options: Sequence[str], resume: bool) -> None:
    """Raise UsageError unless all of `folders` are runs to go on with, beside no `options`."""
    from cnnsim.training.runfolder import is_run_folder

    run = next(filter(is_run_folder, folders))
    where = printable(run)
    if options:
        raise UsageError(
            f"{', '.join(options)} cannot stand beside {where}: it is a run already",
            "--resume alone goes on with it; its scenario can be trained in another folder",
        )
    for other in folders:
        if not is_run_folder(other):
            raise UsageError(
                f"{where} is a run and {printable(other)} is none", "train them one by one"
            )
    if not resume:
        raise UsageError(f"{where} is a run already", "--resume goes on with it")


def _take_up(folders: Sequence[str]) -> tuple[list[Run], Split | None]:
    """The runs that are there already; of a single one also the pictures. Raises CnnsimError."""
    from cnnsim.training.disk import check_disk
    from cnnsim.training.load import load
    from cnnsim.training.run import open_run

    runs = [open_run(Path(folder)) for folder in folders]
    if len({(run.name, run.seed) for run in runs}) < len(runs):
        raise UsageError("two of the runs have one name and one seed", "train them one by one")
    splits = (load(run.scenario) for run in runs)
    # Of several, whoever trains one reads its pictures again.
    split = next(splits) if len(runs) == 1 else None
    for _ in splits:
        pass
    check_disk(runs)
    return runs, split


def _prepare(
    scenarios: Sequence[str],
    seeds: Sequence[int] | None,
    settings: Sequence[str],
    out: str | None,
    resume: bool,
    overwrite: bool,
) -> tuple[list[Run], Split | None]:
    """The run folders of everything that was asked for; of a single one also the pictures.

    Raises CnnsimError before anything runs.
    """
    from cnnsim.training.disk import check_disk
    from cnnsim.training.load import load
    from cnnsim.training.making import create_run
    from cnnsim.training.run import Run
    from cnnsim.training.runfolder import RUNS, is_run

    read_in = [(source, read(source, settings)) for source in scenarios]
    names = [scenario.name for _, scenario in read_in]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two scenarios are called {printable(twice)}", "train them one by one")
    wanted = []
    for _, scenario in read_in:
        for seed in seeds or [scenario.model.seed]:
            wanted.append((scenario, seed))
    folders = {}
    for scenario, seed in wanted:
        if out is not None and len(wanted) == 1:
            folders[scenario.name, seed] = Path(out)
        else:
            folders[scenario.name, seed] = Path(out or RUNS) / f"{scenario.name}-{seed}"
    for folder in folders.values():
        if is_run(folder) and not resume and not overwrite:
            raise UsageError(
                f"{printable(str(folder))} holds a run",
                "--resume goes on with it, --overwrite begins anew, --out names another folder",
            )
    split = None
    if len(wanted) == 1:
        split = load(wanted[0][0])
    else:
        for _, scenario in read_in:
            load(scenario)
    check_disk([Run(folders[scenario.name, seed], scenario) for scenario, seed in wanted])
    # Whatever is wrong has been said: only now does an old run go.
    runs = [
        create_run(folders[scenario.name, seed], scenario, [*settings, f"seed={seed}"], overwrite)
        for scenario, seed in wanted
    ]
    return runs, split


class _Report:
    """Hears what happens, prints it, and remembers how every run ended."""

    interrupt: Interrupt

    def __init__(self, runs: Sequence[Run], json: bool) -> None:
        self.json = json
        self.board = Board(len(runs))
        self.code = 0
        self.stopped: list[str] = []
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
            self.board.say(lambda what: print(what, file=sys.stderr), event["what"])
            return
        if kind in ("compiling", "progress"):
            self.board.update(together or label, event, epochs)
            return
        if kind == "epoch":
            if together is None:
                self.board.update(label, event, epochs)
        else:
            self.board.finish(label)
        if kind == "result":
            self._results[run] = event
        elif kind == "stopped":
            self.stopped.append(run)
        elif kind == "diverged":
            self.code = max(self.code, 1)
            self.board.say(
                complain,
                CnnsimError(
                    f"{label} diverged: its loss is no number any more, in epoch {event['epoch']} "
                    f"(update {event['iteration']:,}); its last good checkpoint is in {run}",
                    "a smaller training.rate or some training.warm_up helps most often",
                ),
            )
        elif kind == "error":
            self.code = max(self.code, event["code"])
            self.board.say(complain, CnnsimError(event["message"], event["hint"]))
        if self.json and kind in ("epoch", "result", "diverged"):
            shown = {key: value for key, value in event.items() if kind != "epoch" or key != "run"}
            emit(shown)
            output().flush()

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
                f"{row['test_accuracy']:.2%}",
                f"{row['best_test_accuracy']:.2%}",
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
                print(
                    f"{printable(name)}: {mean:.2%} ± {100 * spread:.2f} over {len(values)} seeds",
                    file=output(),
                )
