"""``cnnsim watch``: the training screen on runs that train elsewhere, or that have ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.home import Glyphs, Theme, open_app
from cnnsim.errors import UsageError

#: The letters by which the runs are told apart.
_MOST = 26


def watch(
    *runs: Annotated[str, Parameter(name="RUN", help="Run folders.")],
    theme: Theme = None,
    glyphs: Glyphs = None,
) -> int:
    """Watch runs that train elsewhere, or look at runs that have ended; q leaves them alone."""
    if not runs:
        raise UsageError("which run?", "for example cnnsim watch runs/digits_cnn-0")
    if len(runs) > _MOST:
        raise UsageError(f"{len(runs)} runs are too many for one screen", f"at most {_MOST}")
    from cnnsim.training.run import open_run

    found = [open_run(Path(run)) for run in runs]
    return open_app(theme, glyphs, "cnnsim evaluate works without one", runs=found)
