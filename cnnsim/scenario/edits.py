"""What a file may change before anything runs: the input, parameters, masks."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from cnnsim.errors import AddressError, Problem, printable
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.steps.entry import format_entry, parse_entry


def editable(iteration: Iteration) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors that can be changed."""
    network = iteration.network
    names = (INPUT, *network.parameters, *network.constants)
    return {name: iteration.shapes[name] for name in names}


def edit_problems(iteration: Iteration, edits: Mapping[str, float]) -> list[Problem]:
    """Edits of what is computed or does not exist."""
    problems = []
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for text in edits:
        at = ("edits", text)
        try:
            name, index = parse_entry(iteration.shapes, text)
        except AddressError as error:
            what = error.message + (f"; {error.hint}" if error.hint else "")
            problems.append(Problem("edits", what, path=at))
            continue
        shape = iteration.shapes[name]
        if prod(shape) > 1 and "[" not in text:
            what = f"{name} has {prod(shape):,} numbers; say which, such as {name}[{_zeros(shape)}]"
            problems.append(Problem("edits", what, path=at))
        elif (name, index) in seen:
            what = f"{format_entry(name, index)} is changed twice"
            problems.append(Problem("edits", what, path=at))
        seen.add((name, index))
        if name not in editable(iteration):
            what = f"{printable(name)} is computed; change the input or a parameter instead"
            problems.append(Problem("edits", what, path=at))
    return problems


def _zeros(shape: tuple[int, ...]) -> str:
    return ",".join("0" * len(shape))
