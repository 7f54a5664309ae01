"""``cnnsim train``: headless training, many runs at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cnnsim.cli.interrupt import Interrupt
from cnnsim.cli.options import INTEGER, Device, Json, Settings
from cnnsim.cli.progress import Narrator
from cnnsim.cli.seeds import parse_seeds
from cnnsim.cli.source import NO_TOUR, read
from cnnsim.cli.trainreport import Report
from cnnsim.errors import CnnsimError, UsageError, printable

if TYPE_CHECKING:
    from cnnsim.scenario.scenario import Scenario
    from cnnsim.training.run import Run
    from cnnsim.training.samples import Split


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
        int | None,
        INTEGER,
        Parameter(
            help="Epochs; default: the scenario's. With --resume a run can get more, "
            "unless its rate falls along a cosine."
        ),
    ] = None,
    threads: Annotated[
        int | None, INTEGER, Parameter(help="Threads in all; default: every processor.")
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
    from cnnsim.network.optimizer import MOST_EPOCHS

    for name, number in (("--epochs", epochs), ("--threads", threads)):
        if number is not None and number < 1:
            raise UsageError(f"{name} should be 1 or more, not {number}")
    if out in ("", "-"):
        raise UsageError("--out needs the name of a folder", "for example --out runs/mine")
    if epochs is not None and epochs > MOST_EPOCHS:
        raise UsageError(f"--epochs should be {MOST_EPOCHS:,} or less, not {epochs}")
    from cnnsim.kernels.choose import choose_device
    from cnnsim.kernels.processors import processors
    from cnnsim.scenario.files import expanded
    from cnnsim.training.runfolder import is_run_folder

    out = expanded(out) if out is not None else None
    of_runs = any(map(is_run_folder, scenarios))
    if of_runs:
        # What a run was made with stays as it is; it can only be made longer.
        options = {"--seeds": seeds is not None, "--set": bool(settings), "--out": out is not None}
        options["--overwrite"] = overwrite
        _check_runs(scenarios, [name for name, given in options.items() if given], resume)
    chosen = choose_device(device)
    words = [*settings, *([f"training.epochs={epochs}"] if epochs else []), NO_TOUR]
    numbers = None if seeds is None else parse_seeds(seeds)
    with Narrator("reading the pictures"):
        if of_runs:
            runs, split = _take_up(scenarios, epochs)
        else:
            runs, split = _prepare(scenarios, numbers, epochs, words, out, resume, overwrite)
    report = Report(runs, json)
    # A single run is trained in this process, and so are many that go side by side on a GPU.
    with Interrupt(compiles=len(runs) == 1 or chosen == "cuda") as interrupt, report.progress:
        report.interrupt = interrupt
        _go(runs, split, threads or processors(), chosen, report)
    if not json:
        report.print_results()
    report.print_means()
    if report.stopped:
        for run in report.stopped:
            print(f"stopped: {run}; the same command with --resume goes on", file=sys.stderr)
    error = report.unheard
    # Whoever reads may have enough; but training that ends before its time is no success.
    if error is not None and (report.stopped or not isinstance(error, BrokenPipeError)):
        raise CnnsimError(f"standard output: {error.strerror or error}")
    return 130 if report.stopped else report.code


def _go(
    runs: Sequence[Run], split: Split | None, threads: int, device: Any, report: Report
) -> None:
    from cnnsim.training.gpu import began_together, train_on_gpu

    if len(runs) == 1 and not (device == "cuda" and began_together(runs[0])):
        from cnnsim.training.control import Control
        from cnnsim.training.session import train_run

        run = runs[0]

        def tell(event: dict[str, Any]) -> None:
            report({"run": str(run.folder), **event})

        control = Control(lambda: report.interrupt.asked)
        train_run(run, threads, device, tell, control, split)
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
            "--resume goes on with it, --epochs gives it more; in another folder its scenario can "
            "be trained with anything",
        )
    for other in folders:
        if not is_run_folder(other):
            raise UsageError(
                f"{where} is a run and {printable(other)} is none", "train them one by one"
            )
    if not resume:
        raise UsageError(f"{where} is a run already", "--resume goes on with it")


def _take_up(folders: Sequence[str], epochs: int | None) -> tuple[list[Run], Split | None]:
    """The runs that are there already; of a single one also the pictures.

    They get `epochs` in all where it is given. Raises CnnsimError.
    """
    from cnnsim.training.disk import check_disk
    from cnnsim.training.lengthening import lengthen_runs
    from cnnsim.training.run import open_run

    runs = [open_run(Path(folder)) for folder in folders]
    if len({(run.name, run.seed) for run in runs}) < len(runs):
        raise UsageError("two of the runs have one name and one seed", "train them one by one")
    split = _check_pictures([run.scenario for run in runs])
    check_disk(runs)
    lengthened = lengthen_runs(runs, [epochs or run.optimizer.epochs for run in runs])
    return lengthened, split if len(runs) == 1 else None


def _check_pictures(scenarios: Sequence[Scenario]) -> Split | None:
    """Read the pictures of all; those of the last. Raises UsageError where some are missing."""
    from cnnsim.training.load import load

    # Of several, whoever trains one reads its pictures again.
    split = None
    for scenario in scenarios:
        split = load(scenario)
    return split


def _prepare(
    scenarios: Sequence[str],
    seeds: Sequence[int] | None,
    epochs: int | None,
    settings: Sequence[str],
    out: str | None,
    resume: bool,
    overwrite: bool,
) -> tuple[list[Run], Split | None]:
    """The run folders of everything that was asked for; of a single one also the pictures.

    Raises CnnsimError before anything runs.
    """
    from cnnsim.training.disk import check_disk
    from cnnsim.training.lengthening import lengthen_runs
    from cnnsim.training.making import create_run
    from cnnsim.training.run import Run
    from cnnsim.training.runfolder import is_run

    read_in = [read(source, settings) for source in scenarios]
    wanted = [(scenario, seed) for scenario in read_in for seed in seeds or [scenario.model.seed]]
    folders = _folders(read_in, wanted, out)
    # Asked once: another process may begin one meanwhile.
    there = {folder for folder in folders if is_run(folder)}
    for folder in folders:
        if folder in there and not resume and not overwrite:
            raise UsageError(
                f"{printable(str(folder))} holds a run",
                "--resume goes on with it, --overwrite begins anew, --out names another folder",
            )
    split = _check_pictures(read_in)
    asked = [Run(folder, scenario) for folder, (scenario, _) in zip(folders, wanted, strict=True)]
    check_disk(asked)
    # Whatever is wrong with the pictures has been said: only now does an old run go.
    runs: dict[Path, Run] = {}
    # Those that are there first: where one cannot go on, no new folder is made.
    for is_there in (True, False):
        made, counts = [], []
        for run, (_, seed) in zip(asked, wanted, strict=True):
            if (run.folder in there) is is_there:
                given = [*settings, f"seed={seed}"]
                made.append(create_run(run.folder, run.scenario, given, overwrite))
                counts.append(run.optimizer.epochs)
        if epochs is None:
            _check_epochs(made, counts)
        runs |= {run.folder: run for run in lengthen_runs(made, counts)}
    return [runs[folder] for folder in folders], split if len(wanted) == 1 else None


def _folders(
    scenarios: Sequence[Scenario], wanted: Sequence[tuple[Scenario, int]], out: str | None
) -> list[Path]:
    """Where the run of each of the `wanted` scenarios and seeds goes. Raises UsageError."""
    from cnnsim.training.runfolder import RUNS, is_run

    names = [scenario.name for scenario in scenarios]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two scenarios are called {printable(twice)}", "train them one by one")
    if out is not None and len(wanted) == 1:
        return [Path(out)]
    if out is not None and is_run(Path(out)):
        raise UsageError(
            f"{printable(out)} is a run, and no folder for several", "--out names another folder"
        )
    return [Path(out or RUNS) / f"{scenario.name}-{seed}" for scenario, seed in wanted]


def _check_epochs(runs: Sequence[Run], asked: Sequence[int]) -> None:
    """Raise UsageError where runs have other epochs: they get more only where --epochs says so."""
    for run, count in zip(runs, asked, strict=True):
        if (now := run.optimizer.epochs) != count:
            where = printable(str(run.folder))
            more = f"; --epochs {count} gives it more" if count > now else ""
            raise UsageError(
                f"{where} goes to epoch {now}, not {count}",
                f"cnnsim train {where} --resume goes on with it{more}",
            )
