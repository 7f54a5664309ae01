"""The net of a run opened in the stepper, on a picture of one's choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.network.graph import INPUT
from cnnsim.network.loss import LOSS
from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.run import Run
from cnnsim.training.runfolder import LAST, SCENARIO


def trained_scenario(run: Run) -> Scenario:
    """The scenario of a run with the weights that it was left with. Raises CnnsimError."""
    weights = str((Path(run.folder) / LAST).resolve())
    quoted = weights.replace("\\", "\\\\").replace('"', '\\"')
    trained = read_scenario(str(run.folder / SCENARIO), (f'weights="{quoted}"',))
    return replace(trained, name=run.name)


def stepper_on(
    scenario: Scenario,
    picture: npt.NDArray[np.float64],
    wanted: int,
    tensors: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Stepper:
    """The net opened on `picture` [channels, rows, columns], its loss asking for class `wanted`.

    With other parameters than the scenario's where `tensors` has them.
    """
    stepper = Stepper(scenario)
    iteration = scenario.iteration
    given = {INPUT: picture[np.newaxis]}
    if tensors is not None:
        for name in scenario.network.parameters:
            given[name] = tensors[name].astype(np.float64)
    if iteration.loss is not None:
        target = f"{LOSS}.target"
        shape = iteration.shapes[target][1:]
        given[target] = iteration.loss.rows(np.array([wanted]), shape)
    stepper.feed(given)
    return stepper
