"""A fresh folder for a run that is trained from the app."""

from __future__ import annotations

from platformdirs import user_data_path

from cnnsim.scenario.scenario import Scenario
from cnnsim.training.load import data_of
from cnnsim.training.making import create_run
from cnnsim.training.run import Run


def new_run(scenario: Scenario) -> Run:
    """A fresh run of `scenario`, as it was read, in the user's folder of runs.

    Raises CnnsimError.
    """
    data_of(scenario)
    above = user_data_path("cnnsim") / "runs"
    number = 1
    seed = scenario.model.seed
    while (folder := above / f"{scenario.name}-{seed}-{number}").exists():
        number += 1
    # With its seed, as the command has it: the command can go on with the run.
    return create_run(folder, scenario, [*scenario.settings, f"seed={seed}"])
