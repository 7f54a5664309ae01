"""A file with all its mistakes, a tour with all its stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cnnsim.errors import CnnsimError, FileError, unprintable
from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.stepper.replay import Visit, visit
from cnnsim.stepper.stepper import Stepper

Array = npt.NDArray[Any]
T = TypeVar("T")


def attempt(call: Callable[[], T]) -> T | CnnsimError:
    """What `call` gives, or the error it raises, whose text must be fit for a terminal.

    Anything but a CnnsimError goes through.
    """
    try:
        return call()
    except CnnsimError as error:
        told = error
    assert str(told)
    assert unprintable(str(told)) is None, repr(str(told))
    return told


def same_bits(first: Array, second: Array) -> bool:
    """Equal bit for bit: −0.0 is not 0.0; any NaN is any other."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    nan = np.isnan(first) & np.isnan(second)
    return first.shape == second.shape and bool(
        (nan | (first.view(np.int64) == second.view(np.int64))).all()
    )


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
