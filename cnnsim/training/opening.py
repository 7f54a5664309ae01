"""What somebody named to open: a bundled scenario, a file, or a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnsim.errors import UsageError, printable
from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.runfolder import SCENARIO, is_run, is_run_folder


def open_scenario(source: str, settings: Sequence[str] = (), at: str | None = None) -> Scenario:
    """The scenario that `source` names; of a run, at the iteration that address `at` begins with.

    Raises FileError or UsageError.
    """
    if not is_run_folder(source):
        return read_scenario(source, settings)
    if settings:
        raise UsageError(
            f"{printable(source)} is a run: its keys cannot be changed any more",
            "leave --set out, or train another one",
        )
    from cnnsim.training.rerun import open_rerun

    return open_rerun(Path(source), at)


def run_folder_of(scenario: Scenario) -> Path | None:
    """The folder of the run that `scenario` belongs to; None where it belongs to none."""
    path = scenario.path
    if path is None or path.name != SCENARIO or not is_run(path.parent):
        return None
    return path.parent
