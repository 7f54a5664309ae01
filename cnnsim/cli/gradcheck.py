"""``cnnsim gradcheck``: every gradient against central differences of the loss."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.options import INTEGER, Json, Settings
from cnnsim.cli.output import Column, emit, print_table
from cnnsim.cli.progress import Narrator
from cnnsim.cli.source import read
from cnnsim.cli.streams import output
from cnnsim.errors import CnnsimError, UsageError
from cnnsim.steps.entry import format_entry

_COLUMNS = [
    Column("gradient"),
    Column("checked", right=True),
    Column("largest relative error", right=True),
    Column("kinks", right=True),
    Column(""),
]


def gradcheck(
    scenario: Annotated[str, Parameter(help="A bundled name, a path, or -.")],
    /,
    *,
    entries: Annotated[
        int | None,
        INTEGER,
        Parameter(
            help="At most so many of each tensor, with 3 directions at random where it has more; "
            "default: up to 2,000, else 200."
        ),
    ] = None,
    json: Json = False,
    settings: Settings = (),
) -> int:
    """Check every gradient against central differences in float64; exit 1 names the wrong one."""
    from cnnsim.stepper.gradcheck import check_gradients, with_gradient

    if entries is not None and entries < 1:
        raise UsageError("--entries should be 1 or more")
    found, is_random = with_gradient(read(scenario, settings, tour=False))
    if is_random:
        print("no loss: checked with random output gradients from the seed", file=sys.stderr)
    checks = []
    with Narrator("checking the gradients") as narrator:
        for check in check_gradients(found, entries, narrator):
            checks.append(check)
            if json:
                emit(check.as_dict())
    if not json:
        rows = [
            (
                check.tensor,
                f"{check.checked:,}",
                f"{check.max_relative_error:.1e}",
                str(check.kinks),
                "WRONG" if not check.ok else "only kinks" if check.says_nothing else "ok",
            )
            for check in checks
        ]
        print_table(_COLUMNS, rows)
        output().flush()
    wrong = [check for check in checks if not check.ok]
    for check in wrong:
        place = "along a random direction"
        if check.worst is not None:
            place = format_entry(check.tensor, check.worst)
        raise CnnsimError(
            f"the gradient {check.tensor} is wrong: {place} is {check.analytic:.10g}, "
            f"differences say {check.numeric:.10g}"
        )
    return 0
