"""A fresh folder for a run that is trained from the app."""

from __future__ import annotations

from contextlib import suppress

from platformdirs import user_data_path

from cnnsim.errors import CnnsimError
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.load import data_of
from cnnsim.training.making import create_run
from cnnsim.training.run import Run
from cnnsim.training.runfolder import LAST, is_run


def new_run(scenario: Scenario) -> Run:
    """A fresh run of `scenario`, as it was read, in the user's folder of runs.

    The folder of one that was never trained is taken again. Raises CnnsimError.
    """
    data_of(scenario)
    above = user_data_path("cnnsim") / "runs"
    number = 1
    seed = scenario.model.seed
    # With its seed, as the command has it: the command can go on with the run.
    settings = [*scenario.settings, f"seed={seed}"]
    while (folder := above / f"{scenario.name}-{seed}-{number}").exists():
        if is_run(folder) and not (folder / LAST).exists():
            with suppress(CnnsimError):  # Another process may be at it.
                return create_run(folder, scenario, settings, anew=True)
        number += 1
    return create_run(folder, scenario, settings)
