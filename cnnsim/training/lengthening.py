"""How runs get more epochs: their scenarios say so, and everything else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from cnnsim.errors import UsageError, printable
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.reader import parse_scenario
from cnnsim.scenario.writing import drafted
from cnnsim.training.disk import check_disk
from cnnsim.training.load import load
from cnnsim.training.run import Run, open_run
from cnnsim.training.runfolder import LAST, SCENARIO


def lengthen_runs(runs: Sequence[Run], epochs: Sequence[int]) -> list[Run]:
    """The runs, each with so many epochs in all.

    None is changed before all can be. Raises UsageError or FileError where one cannot have them, or
    cannot go on; CnnsimError where one cannot be saved, or another process is training it.
    """
    wanted = {
        number: count
        for number, (run, count) in enumerate(zip(runs, epochs, strict=True))
        if count != run.optimizer.epochs
    }
    with ExitStack() as held:
        for number in wanted:
            held.enter_context(runs[number].held())
        longer = [_lengthened(runs[number], count) for number, count in wanted.items()]
        _check_resumable(longer)
        check_disk(longer)
        drafts = []
        for run in longer:
            text = _with_epochs(run.scenario.text, run.optimizer.epochs)
            with run.saving():
                drafts.append(held.enter_context(drafted(run.folder / SCENARIO, text)))
        # All of them are on the disk: nothing but their names is left to change.
        for run, draft in zip(longer, drafts, strict=True):
            with run.saving():
                draft.replace(run.folder / SCENARIO)
        # As they are now: nobody else can change them before they are read.
        return [open_run(run.folder) if at in wanted else run for at, run in enumerate(runs)]


def _lengthened(run: Run, epochs: int) -> Run:
    """The run as it is to be. Raises UsageError or FileError where it cannot be."""
    where, now = printable(str(run.folder)), run.optimizer.epochs
    if epochs < now:
        raise UsageError(
            f"{where} goes to epoch {now}: it can be made longer, not shorter",
            f"cnnsim train {where} --resume goes on with it; another folder can have fewer",
        )
    if run.optimizer.schedule == "cosine":
        raise UsageError(
            f"{where} cannot be made longer: its rate falls along a cosine that ends with epoch "
            f"{now}; one that ends with epoch {epochs} would have had other rates from the start",
            f"cnnsim train {where} --resume goes on with it; another folder can have more",
        )
    scenario, settings = run.scenario, [f"training.epochs={epochs}"]
    return Run(run.folder, parse_scenario(run.name, scenario.text, scenario.path, settings))


def _check_resumable(runs: Sequence[Run]) -> None:
    """Raise CnnsimError where what has been saved of one is not what it could go on from."""
    digests: dict[str, int] = {}
    for run in runs:
        # Runs that differ in their seeds have the same pictures, which are read once.
        pictures = f"{run.scenario.model.data} {run.scenario.network.input_shape}"
        if pictures not in digests:
            digests[pictures] = load(run.scenario).digest
        run.rate_changes()
        saved = (run.folder / LAST).exists()
        run.metrics_until(run.read_for(digests[pictures])[1].epoch if saved else 0)


def _with_epochs(text: str, epochs: int) -> bytes:
    import tomlkit

    document: Any = tomlkit.parse(text)
    apply_overrides(document, [f"training.epochs={epochs}"])
    return tomlkit.dumps(document).encode()
