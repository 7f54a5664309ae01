"""A file with all its mistakes, a tour with all its stops."""

from __future__ import annotations

from collections.abc import Iterator

from strategies import attempt

from cnnsim.errors import CnnsimError, FileError
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.stepper.replay import Visit, visit
from cnnsim.stepper.stepper import Stepper

#: Line 1 title, 2-3 input, 4-7 conv1; what follows begins on line 8.
GOOD = """\
title = "t"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
"""


def problems_of(text: str) -> list[tuple[int, str, str]]:
    """(line, field, what) of every problem; empty for a good file."""
    error = attempt(lambda: parse_scenario("file", text))
    if not isinstance(error, FileError):
        return []
    assert [problem.line for problem in error.problems] == sorted(p.line for p in error.problems)
    return [(problem.line, problem.field, problem.what) for problem in error.problems]


def check_file(source: str) -> list[str]:
    """Every mistake of a file as ``file:line: field: what``; empty where there is none."""
    try:
        read_scenario(source).leaves()
    except FileError as error:
        return [problem.located(error.file) for problem in error.problems]
    except CnnsimError as error:
        return [str(error)]
    return []


def visit_tour(stepper: Stepper) -> Iterator[Visit]:
    """Visit every stop in order."""
    for number, stop in enumerate(stepper.scenario.tour):
        yield visit(stepper, number, stop)
