"""Why a layer puts out what it does, as the walk says it."""

from __future__ import annotations

from cnnsim.tui.walk.whatif import WhatIf
from cnnsim.tui.walk.why import why_lines


def reasons(what: WhatIf, name: str) -> dict[str, tuple[str, str]]:
    """The formula and the result of each line about layer `name`, by its label."""
    return {line.label: (line.formula, line.result) for line in why_lines(what.outcome, name)}
