"""``cnnsim validate``: every mistake of scenario files, for people and editors."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from cnnsim.amounts import counted
from cnnsim.cli.options import Json
from cnnsim.cli.output import emit
from cnnsim.cli.source import read
from cnnsim.cli.streams import output
from cnnsim.errors import FileError, Problem, UsageError, printable


def validate(
    *files: Annotated[str, Parameter(name="FILE", help="Paths, bundled names, or -.")],
    json: Json = False,
) -> int:
    """Print every mistake as `file:line: field: what`; exit 2 if there is one.

    What hangs on one, as an address does on its layer, is checked once that is mended.
    """
    if not files:
        raise UsageError("which file?", "for example cnnsim validate mine.toml")
    code = 0
    for file in files:
        try:
            said = _check(file)
        except FileError as error:
            code = 2
            for problem in error.problems:
                _tell(error.file, problem, json)
        except UsageError as error:
            code = 2
            name = "stdin" if file == "-" else printable(file)
            if error.line.startswith(f"{name} ") and not json:
                output().write(error.line + "\n")  # it begins with the place already
            else:
                _tell(name, Problem("", error.line.removeprefix(f"{name}: ")), json)
        else:
            if sys.stderr is not None:
                print(said, file=sys.stderr)
    return code


def _check(file: str) -> str:
    """Read `file` with all it refers to; a line that says what is in it. Raises UsageError."""
    from cnnsim.scenario.data import NAMED

    scenario = read(file)
    scenario.leaves()
    data = scenario.model.data
    if data is not None and data.source not in NAMED:
        from cnnsim.training.load import load

        with scenario.blamed("data", "source"):
            load(scenario)
    name = printable(str(scenario.path)) if scenario.path else scenario.name
    steps, stops = counted(len(scenario.trace), "step"), counted(len(scenario.tour), "stop")
    return f"{name}: ok, {steps}, {stops}"


def _tell(file: str, problem: Problem, json: bool) -> None:
    if not json:
        output().write(problem.located(file) + "\n")
        return
    line = problem.line or None
    place = {"kind": "problem", "file": file, "line": line}
    emit({**place, "field": problem.field, "what": problem.what})
