"""What the app can be asked to open, and whether that has been written since."""

from __future__ import annotations

from pathlib import Path

from cnnsim.errors import UsageError
from cnnsim.scenario.bundled import find
from cnnsim.scenario.files import Stamp, stamp


def check_source(source: str) -> None:
    """Raise UsageError where `source` is what the app is worked with."""
    if source == "-":
        raise UsageError(
            "the app cannot read a scenario from standard input: that is its keyboard",
            "save it to a file, or use cnnsim replay -",
        )


def written(source: str) -> Stamp | None:
    """The stamp of the file of `source`, None where there is none; a run never changes its own."""
    from cnnsim.training.runfolder import SCENARIO, is_run_folder

    if is_run_folder(source):
        return stamp(Path(source) / SCENARIO)
    try:
        return stamp(find(source))
    except UsageError:
        return None
