"""One run trained in this process, from its folder to its result."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.kernels.choose import Device, choose_device, engine_for
from cnnsim.kernels.engine import is_on_gpu
from cnnsim.kernels.fill import Progress
from cnnsim.training.checkpoint import Point
from cnnsim.training.control import Control
from cnnsim.training.load import load
from cnnsim.training.loop import Outcome, Tell, Training, batches_of
from cnnsim.training.run import Run, best_accuracy, open_run
from cnnsim.training.runfolder import BEST, LAST, METRICS
from cnnsim.training.samples import Split


def train_folder(
    folder: Path, threads: int, device: Device, report: Tell, control: Control
) -> None:
    """Train the run in `folder` as `train_run` does, with its pictures. Raises CnnsimError."""
    train_run(open_run(folder), threads, device, report, control)


def train_run(
    run: Run,
    threads: int,
    device: Device,
    report: Tell,
    control: Control,
    split: Split | None = None,
) -> None:
    """Train `run` to its end, from wherever it stands; `report` hears how it goes.

    Its pictures are read unless they are given as `split`. `control` may pause it, go on by an
    update or an epoch, set the rate, or stop it.

    The last thing reported is ``result``, ``stopped`` or ``diverged``. Raises CnnsimError where it
    cannot be trained, or saved.
    """
    began = perf_counter()
    chosen = choose_device(device)
    if (finished := result_of(run, point_of(run))) is not None:
        report({**finished, "seconds": 0.0})
        return
    with run.held():
        split = split or load(run.scenario)

        def compiling(progress: Progress) -> None:
            report({"kind": "compiling", "seed": run.seed, "what": progress.sweep})

        engine = engine_for(run.iteration, threads, chosen, compiling)
        outcome = Training(run, engine, split, report, control).go()
    report(ending(run, split, outcome, perf_counter() - began))


def ending(run: Run, split: Split, outcome: Outcome, seconds: float) -> dict[str, Any]:
    """What is reported last of a run: ``result``, ``stopped`` or ``diverged``."""
    if outcome.how == "finished":
        found = result_of(run, point_of(run))
        assert found is not None, "the last epoch has been saved"
        return {**found, "seconds": seconds}
    epoch = outcome.iteration // batches_of(run, split).each
    return _ended(run, outcome.how, outcome.iteration, epoch)


def left_out(run: Run) -> dict[str, Any]:
    """What is reported of a run that nobody gets to: ``stopped`` where it stands, or its result."""
    point = point_of(run)
    if (found := result_of(run, point)) is not None:
        return {**found, "seconds": 0.0}
    return _ended(run, "stopped", point.iteration, point.epoch)


def error_event(error: CnnsimError) -> dict[str, Any]:
    """What is reported of a run that cannot be trained."""
    told = {"message": error.message, "hint": error.hint, "code": error.exit_code}
    return {"kind": "error", **told}


def point_of(run: Run) -> Point:
    """What is saved; before the first update nothing."""
    return run.read()[1] if (run.folder / LAST).exists() else Point(0, 0, 0.0, "", 0)


def _ended(run: Run, how: str, iteration: int, epoch: int) -> dict[str, Any]:
    return {
        "kind": how,
        "scenario": run.name,
        "seed": run.seed,
        "epoch": epoch + 1,
        "iteration": iteration,
        "run": str(run.folder),
    }


def result_of(run: Run, point: Point) -> dict[str, Any] | None:
    """The result of a run that has been saved at `point`; None where epochs are missing.

    ``seconds`` are left out. Its ``device`` is where the last updates were made.
    """
    if point.epoch < run.optimizer.epochs:
        return None
    rows = run.metrics()
    if len(rows) < run.optimizer.epochs:
        raise UsageError(
            f"{printable(str(run.folder / METRICS))} has {len(rows)} epochs of "
            f"{run.optimizer.epochs}",
            "the file was cut off; train --overwrite begins anew",
        )
    return {
        "kind": "result",
        "scenario": run.name,
        "seed": run.seed,
        "device": "cuda" if is_on_gpu(point.engine) else "cpu",
        "epochs": len(rows),
        "train_loss": rows[-1]["train_loss"],
        "test_loss": rows[-1]["test_loss"],
        "test_accuracy": rows[-1]["test_accuracy"],
        "best_test_accuracy": best_accuracy(rows) if (run.folder / BEST).is_file() else None,
        "run": str(run.folder),
    }
