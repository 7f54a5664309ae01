"""``cnnsim list``: the bundled scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnsim.cli.main import complain
from cnnsim.cli.options import Json
from cnnsim.cli.output import Column, emit, print_table
from cnnsim.cli.source import read
from cnnsim.errors import CnnsimError

if TYPE_CHECKING:
    from cnnsim.scenario.scenario import Scenario


def list_scenarios(*, json: Json = False) -> int:
    """List the bundled scenarios."""
    from cnnsim.scenario.bundled import bundled_names

    found: list[Scenario] = []
    code = 0
    for name in bundled_names():
        try:
            found.append(read(name))
        except CnnsimError as error:
            code = max(code, complain(error))
    found.sort(key=lambda scenario: (scenario.model.order, scenario.name))
    rows = [
        {
            "kind": "scenario",
            "name": scenario.name,
            "title": scenario.title,
            "type": scenario.model.type,
            "steps": len(scenario.trace),
            "minutes": scenario.model.minutes,
        }
        for scenario in found
    ]
    if json:
        for row in rows:
            emit(row)
        return code
    print_table(
        [
            Column("name"),
            Column("title", wrap=True),
            Column("type"),
            Column("steps", right=True),
            Column("min", right=True),
        ],
        [
            [row["name"], row["title"], row["type"], f"{row['steps']:,}", str(row["minutes"] or "")]
            for row in rows
        ],
    )
    return code
