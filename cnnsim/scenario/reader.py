"""From the text of a file to a checked scenario, or to all of its mistakes at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnnsim.errors import (
    FileError,
    Problem,
    UsageError,
    did_you_mean,
    printable,
)
from cnnsim.network.graph import Network, connect
from cnnsim.network.iteration import Iteration
from cnnsim.network.layer import Layer, Shape, kinds
from cnnsim.network.walk import explain
from cnnsim.scenario.complaints import dotted, problems_of, shown
from cnnsim.scenario.data import data_problems
from cnnsim.scenario.edits import edit_problems
from cnnsim.scenario.leaves import input_shape
from cnnsim.scenario.limits import size_problems
from cnnsim.scenario.locate import MOST_PARTS, deep_nesting, located, long_key, long_number
from cnnsim.scenario.model import SOURCES, ScenarioModel
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.passes import PASSES, iteration_of, read_passes
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.text import read_text
from cnnsim.scenario.tour import tour_problems
from cnnsim.scenario.wiring import wiring_problems

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

    def build(model: ScenarioModel, iteration: Iteration) -> Scenario:
        # A pipe is called by its whole path, so that mistakes are found.
        return Scenario(Path(name).name, path, text, model, iteration, typed, tuple(settings))

    if beyond := list(_beyond_limits(document)):
        raise FileError(file, located(beyond, text, typed))
    if input_size is not None:
        document["input"] = {"zeros": list(input_size)}
    tables = dict(document)
    entries = document.pop("layers", None)
    layers, problems = _layers(entries)
    passes, more = read_passes(document)
    problems += more
    model = None
    try:
        model = ScenarioModel.model_validate(document)
    except ValidationError as error:
        problems += problems_of(error, ScenarioModel, beside=("layers", *PASSES), tables=tables)
    problems += wiring_problems(layers, _names(entries))
    scenario = None
    if model is not None and not problems:
        network, more = _connect(model, list(layers.values()), path)
        problems += [] if not check_shapes and network is not None and network.errors else more
        if network is not None and network.errors:
            scenario = build(model, Iteration(network))
        elif network is not None:
            iteration, more = iteration_of(network, passes)
            problems += more + size_problems(iteration)
            problems += edit_problems(iteration, model.edits)
            if not more:
                problems += data_problems(model.data, iteration)
            scenario = build(model, iteration)
    if model is not None:
        run = None
        if scenario is not None and not problems and not scenario.network.errors:
            run = (scenario.trace, scenario.iteration.shapes)
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


def _names(entries: Any) -> list[str | None]:
    """The names of all entries under layers, good or not."""
    names = []
    for entry in entries if isinstance(entries, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        names.append(name if isinstance(name, str) else None)
    return names


def _layers(entries: Any) -> tuple[dict[int, Layer], list[Problem]]:
    """Every layer by its place, made of its kind, and what is wrong with the others."""
    if entries is None:
        what = "there are none; a scenario needs at least one [[layers]]"
        return {}, [Problem("layers", what)]
    if entries == []:
        what = "is empty; a scenario needs at least one [[layers]]"
        return {}, [Problem("layers", what, path=("layers",))]
    if not isinstance(entries, list):
        what = f"should be [[layers]] tables, not {shown(entries)}"
        return {}, [Problem("layers", what, path=("layers",))]
    known = kinds()
    layers: dict[int, Layer] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        at = ("layers", number)
        field = f"layers[{number}]"
        if not isinstance(entry, dict):
            problems.append(Problem(field, f"should be a table, not {shown(entry)}", path=at))
            continue
        kind = entry.get("type")
        if not isinstance(kind, str) or kind not in known:
            if kind is None:
                what = f"is missing; known are {', '.join(known)}"
            else:
                what = f"no kind of layer {shown(kind)}"
                near = did_you_mean(str(kind), known)
                what += near or f"; known are {', '.join(known)}"
            problems.append(Problem(f"{field}.type", what, path=(*at, "type")))
            continue
        try:
            layers[number] = known[kind].model_validate(entry)
        except ValidationError as error:
            problems += problems_of(error, known[kind], at)
    return layers, problems


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
