"""A file with all its mistakes, a tour with all its stops."""

from __future__ import annotations

from collections.abc import Iterator

from cnnsim.errors import CnnsimError, FileError
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.replay import Visit, visit
from cnnsim.stepper.stepper import Stepper


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
