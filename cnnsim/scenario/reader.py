"""From the text of a file to a checked scenario, or to all of its mistakes at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnnsim.errors import (
    FileError,
    Problem,
    UsageError,
    printable,
)
from cnnsim.network.graph import Network, connect
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import Layer, Shape
from cnnsim.network.walk import explain
from cnnsim.scenario.complaints import dotted, keys_of, problems_of
from cnnsim.scenario.data import data_problems
from cnnsim.scenario.edits import edit_problems
from cnnsim.scenario.layers import read_layers
from cnnsim.scenario.leaves import input_shape
from cnnsim.scenario.limits import size_problems
from cnnsim.scenario.locate import MOST_PARTS, deep_nesting, located, long_key, long_number
from cnnsim.scenario.model import SOURCES, ScenarioModel
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.passes import PASSES, iteration_of, read_passes
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.text import read_text
from cnnsim.scenario.tour import tour_problems

#: The tables that are read one by one.
_ELSEWHERE = ("layers", *PASSES)
#: The keys that no step hangs on. One that is not known may be any other's, wrongly written.
_APART = set(keys_of(ScenarioModel)) - {"input", "mode"}

_TOO_DEEP = "lists or tables are nested too deep"
_TOO_WIDE = "a whole number of more than 64 bits"


def read_scenario(
    source: str,
    settings: Sequence[str] = (),
    input_size: Shape | None = None,
    check_shapes: bool = True,
    once: bool = False,
) -> Scenario:
    """Read a bundled name, a path or ``-``; with `once` also a pipe, which cannot be read again.

    `settings` are ``key=value`` overrides; `input_size` replaces the input by zeros of that shape.
    With `check_shapes` false, shape errors stay in ``scenario.network.errors`` for the caller.
    Raises FileError with every mistake, or UsageError where there is no file.
    """
    name, text, path = read_text(source, once)
    return parse_scenario(name, text, path, settings, input_size, check_shapes)


def parse_scenario(
    name: str,
    text: str,
    path: Path | None = None,
    settings: Sequence[str] = (),
    input_size: Shape | None = None,
    check_shapes: bool = True,
) -> Scenario:
    """The same for a text that has been read."""
    file = str(path) if path else name
    document = _parse(text, file)
    typed = tuple(apply_overrides(document, settings))

    if beyond := list(_beyond_limits(document)):
        raise FileError(file, located(beyond, text, typed))
    if input_size is not None:
        document["input"] = {"zeros": list(input_size)}
    layers, problems = read_layers(document.get("layers"))
    passes, more = read_passes(document)
    model, mistakes = _read_model(document)
    problems += more + mistakes
    # What hangs on something with a mistake in it has its turn once that is mended.
    wrong = {problem.path[0] for problem in problems}
    network = scenario = run = None
    if layers and "input" not in wrong:
        network, misfits = _connect(model, layers, path)
        problems += misfits if network is None or check_shapes else []
    if network is not None and wrong <= _APART:
        iteration = Iteration(network)
        if not network.errors:
            iteration, misfits = iteration_of(network, passes)
            misfits += size_problems(iteration)
            problems += misfits + edit_problems(iteration, model.edits)
        # A pipe is called by its whole path, so that mistakes are found.
        scenario = Scenario(Path(name).name, path, text, model, iteration, typed, tuple(settings))
        if not network.errors and not misfits:
            problems += data_problems(model.data, iteration) if "data" not in wrong else []
            run = (scenario.trace, iteration.shapes)
    problems += tour_problems(run, model.tour)
    if problems or scenario is None:
        is_tour = all(problem.path[:1] == ("tour",) for problem in problems)
        hint = '--set "tour=[]" leaves the tour out'
        raise FileError(file, located(problems, text, typed), hint if settings and is_tour else "")
    return scenario


def _parse(text: str, file: str) -> dict[str, Any]:
    if line := long_key(text):
        what = f"a key has more than {MOST_PARTS} parts"
        raise FileError(file, [Problem("", what, line)])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        line = text.count("\n") + 1
        column = ""
        if match:
            message = message[: match.start()]
            if match[1]:
                line, column = int(match[1]), f" (column {match[2]})"
        what = f"not valid TOML: {printable(message)}{column}"
        raise FileError(file, [Problem("", what, line)]) from None
    except RecursionError:
        raise FileError(file, [Problem("", _TOO_DEEP, deep_nesting(text))]) from None
    except ValueError:
        # What Python refuses to convert is a number of thousands of digits.
        raise FileError(file, [Problem("", _TOO_WIDE, long_number(text))]) from None


def _beyond_limits(document: dict[str, Any]) -> Iterator[Problem]:
    """Whole numbers of more than TOML's 64 bits, which Python could not even print; deep nesting.

    Python's reader takes both.
    """
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, table = waiting.pop()
        for key, value in table.items() if isinstance(table, dict) else enumerate(table):
            if isinstance(value, dict | list):
                if len(path) < MOST_PARTS:
                    waiting.append(((*path, key), value))
                else:
                    yield Problem(dotted(path[:2]), _TOO_DEEP, path=path[:2])
            elif isinstance(value, int) and not -(2**63) <= value < 2**63:
                yield Problem(dotted((*path, key)), f"is {_TOO_WIDE}", path=(*path, key))


def _read_model(document: Mapping[str, Any]) -> tuple[ScenarioModel, list[Problem]]:
    """The keys beside the layers and what runs backwards; the model is without those it names."""
    keys = {key: value for key, value in document.items() if key not in _ELSEWHERE}
    try:
        return ScenarioModel.model_validate(keys), []
    except ValidationError as error:
        problems = problems_of(error, ScenarioModel, beside=_ELSEWHERE, tables=document)
    for top, *inside in (problem.path for problem in problems):
        if top == "tour" and inside:
            # The others keep their numbers.
            keys["tour"] = [*keys["tour"]]
            keys["tour"][inside[0]] = {"at": "start"}
        elif top == "edits" and inside:
            keys["edits"] = {key: to for key, to in keys["edits"].items() if key != inside[0]}
        else:
            keys.pop(str(top), None)
    return ScenarioModel.model_validate({"title": "", "input": {"zeros": [1]}, **keys}), problems


def _connect(
    model: ScenarioModel, layers: list[Layer], path: Path | None
) -> tuple[Network | None, list[Problem]]:
    """The network, and its shape errors as problems of the layers."""
    try:
        batch, shape = input_shape(model.input, path)
    except UsageError as error:
        given = next(key for key in SOURCES if getattr(model.input, key) is not None)
        return None, [Problem(f"input.{given}", error.line, path=("input", given))]
    network = connect(layers, shape, batch, model.mode == "training", model.seed)
    names = [layer.name for layer in layers]
    problems = []
    for place, misfit in enumerate(network.errors):
        told = misfit if place else explain(network)
        number = names.index(misfit.layer)
        what = f"{told.layer} {told.bare_message}" + (f"; {told.hint}" if told.hint else "")
        problems.append(Problem(f"layers[{number}]", what, path=("layers", number)))
    return network, problems
