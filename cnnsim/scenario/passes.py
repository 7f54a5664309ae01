"""What makes a scenario run backwards: ``[loss]`` or ``[output_grad]``, and ``[training]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnsim.errors import Problem, ShapeError
from cnnsim.network.fit import fit
from cnnsim.network.graph import Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import Loss, losses
from cnnsim.network.optimizer import Optimizer, optimizers
from cnnsim.scenario.model import OutputGrad
from cnnsim.scenario.tagged import read_table, read_tagged

#: The tables that are read here.
PASSES = ("loss", "training", "output_grad")


@dataclass(frozen=True)
class Passes:
    """The tables as they were read; those with mistakes are None."""

    loss: Loss | None = None
    optimizer: Optimizer | None = None
    output_grad: OutputGrad | None = None


def read_passes(document: Mapping[str, Any]) -> tuple[Passes, list[Problem]]:
    """The three tables of `document`, each made of its kind."""
    problems: list[Problem] = []
    given = {key: document[key] for key in PASSES if key in document}
    loss = optimizer = output_grad = None
    if "loss" in given:
        loss, more = read_tagged(given["loss"], ("loss",), Loss.tag, "loss", losses())
        problems += more
    if "training" in given:
        tag, known = Optimizer.tag, optimizers()
        optimizer, more = read_tagged(given["training"], ("training",), tag, tag, known)
        problems += more
    if "output_grad" in given:
        output_grad, more = read_table(OutputGrad, given["output_grad"], ("output_grad",))
        problems += more
    if "loss" in given and "output_grad" in given:
        what = "a loss gives the output's gradient; leave one of the two out"
        problems.append(Problem("output_grad", what, path=("output_grad",)))
    if "training" in given and "loss" not in given and "output_grad" not in given:
        what = "training needs a [loss] or an [output_grad]"
        problems.append(Problem("training", what, path=("training",)))
    return Passes(loss, optimizer, output_grad), problems


def iteration_of(network: Network, passes: Passes) -> tuple[Iteration, list[Problem]]:
    """The iteration, and why target or gradient do not fit the output."""
    last = network.layers[-1].name
    place = network.places[last]
    problems = []
    given = {}
    if passes.output_grad is not None:
        values = passes.output_grad.values
        if values is None:
            given = {last: np.broadcast_to(np.float64(1.0), place.cells)}
        else:
            try:
                given = {last: fit(values, place.cells, "the output")}
            except ValueError as error:
                path = ("output_grad", "values")
                problems.append(Problem("output_grad.values", str(error), path=path))
    if passes.loss is not None:
        try:
            passes.loss.target_values(place.output, place.batch)
        except ShapeError as error:
            what = error.bare_message + (f"; {error.hint}" if error.hint else "")
            problems.append(Problem("loss.target", what, path=("loss", "target")))
    if problems:
        return Iteration(network), problems
    return Iteration(network, passes.loss, given, passes.optimizer), []
