"""``[[layers]]``: each entry made a layer of its kind, and what is wrong with the others."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from cnnsim.errors import Problem
from cnnsim.network.layer import Layer, kinds
from cnnsim.scenario.complaints import shown
from cnnsim.scenario.tagged import read_tagged
from cnnsim.scenario.wiring import wiring_problems


def read_layers(entries: Any) -> tuple[list[Layer], list[Problem]]:
    """The layers above the first one with a mistake, and the mistakes of all."""
    what = ""
    if entries is None:
        what = "there are none; a scenario needs at least one [[layers]]"
    elif entries == []:
        what = "is empty; a scenario needs at least one [[layers]]"
    elif not isinstance(entries, list):
        what = f"should be [[layers]] tables, not {shown(entries)}"
    if what:
        return [], [Problem("layers", what, path=("layers",))]
    known = kinds()
    layers: dict[int, Layer] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        at = ("layers", number)
        layer, more = read_tagged(entry, at, "type", "kind of layer", known)
        problems += more
        if layer is not None:
            layers[number] = layer
    problems += wiring_problems(layers, [_name(entry) for entry in entries])
    wrong = {problem.path[1] for problem in problems}
    good = takewhile(lambda number: number not in wrong, range(len(entries)))
    return [layers[number] for number in good], problems


def _name(entry: Any) -> str | None:
    """The name of an entry, good or not."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None
