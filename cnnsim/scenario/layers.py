"""``[[layers]]``: each entry made a layer of its kind, and what is wrong with the others."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from cnnsim.errors import Problem, did_you_mean
from cnnsim.network.layer import Layer, kinds
from cnnsim.scenario.complaints import problems_of, shown
from cnnsim.scenario.wiring import wiring_problems


def read_layers(entries: Any) -> tuple[list[Layer], list[Problem]]:
    """The layers above the first one with a mistake, and the mistakes of all."""
    if entries is None:
        what = "there are none; a scenario needs at least one [[layers]]"
        return [], [Problem("layers", what, path=("layers",))]
    if entries == []:
        what = "is empty; a scenario needs at least one [[layers]]"
        return [], [Problem("layers", what, path=("layers",))]
    if not isinstance(entries, list):
        what = f"should be [[layers]] tables, not {shown(entries)}"
        return [], [Problem("layers", what, path=("layers",))]
    layers: dict[int, Layer] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        layer, more = _layer(entry, number)
        problems += more
        if layer is not None:
            layers[number] = layer
    problems += wiring_problems(layers, [_name(entry) for entry in entries])
    wrong = {problem.path[1] for problem in problems}
    good = takewhile(lambda number: number not in wrong, range(len(entries)))
    return [layers[number] for number in good], problems


def _layer(entry: Any, number: int) -> tuple[Layer | None, list[Problem]]:
    known = kinds()
    at = ("layers", number)
    field = f"layers[{number}]"
    if not isinstance(entry, dict):
        return None, [Problem(field, f"should be a table, not {shown(entry)}", path=at)]
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in known:
        if kind is None:
            what = f"is missing; known are {', '.join(known)}"
        else:
            near = did_you_mean(str(kind), known)
            what = f"no kind of layer {shown(kind)}" + (near or f"; known are {', '.join(known)}")
        return None, [Problem(f"{field}.type", what, path=(*at, "type"))]
    try:
        return known[kind].model_validate(entry), []
    except ValidationError as error:
        return None, problems_of(error, known[kind], at)


def _name(entry: Any) -> str | None:
    """The name of an entry, good or not."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None
