"""What makes a scenario run backwards: ``[loss]`` or ``[output_grad]``, and ``[training]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from cnnsim.errors import Problem, ShapeError, did_you_mean
from cnnsim.network.fit import fit
from cnnsim.network.graph import Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import Loss, losses
from cnnsim.network.optimizer import Optimizer, optimizers
from cnnsim.scenario.complaints import problems_of, shown
from cnnsim.scenario.model import OutputGrad

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
    loss = _of_kind(given, "loss", Loss.tag, losses(), problems)
    optimizer = _of_kind(given, "training", Optimizer.tag, optimizers(), problems)
    output_grad = None
    if "output_grad" in given:
        output_grad = _validate(OutputGrad, given["output_grad"], "output_grad", problems)
    if "loss" in given and "output_grad" in given:
        what = "a loss gives the output's gradient; leave one of the two out"
        problems.append(Problem("output_grad", what, path=("output_grad",)))
    if "training" in given and "loss" not in given and "output_grad" not in given:
        what = "training needs a [loss] or an [output_grad]"
        problems.append(Problem("training", what, path=("training",)))
    return Passes(loss, optimizer, output_grad), problems


def _of_kind(
    given: dict[str, Any], key: str, tag: str, known: dict[str, Any], problems: list[Problem]
) -> Any:
    if key not in given:
        return None
    table = given[key]
    if not isinstance(table, dict):
        problems.append(Problem(key, f"should be a table, not {shown(table)}", path=(key,)))
        return None
    kind = table.get(tag)
    if not isinstance(kind, str) or kind not in known:
        near = ""
        if kind is None:
            what = "is missing"
        elif isinstance(kind, str):
            noun = key if tag == "type" else tag
            what, near = f"no {noun} {shown(kind)}", did_you_mean(kind, known)
        else:
            what = f"should be a name, not {shown(kind)}"
        what += near or f"; known are {', '.join(sorted(known))}"
        problems.append(Problem(f"{key}.{tag}", what, path=(key, tag)))
        return None
    return _validate(known[kind], table, key, problems)


def _validate(model: type[BaseModel], table: Any, key: str, problems: list[Problem]) -> Any:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        problems += problems_of(error, model, (key,))
        return None


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
