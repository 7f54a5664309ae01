"""Scenarios for the commands: from what was typed to a scenario, or a stepper with its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnsim.errors import MissingError, UsageError

if TYPE_CHECKING:
    from cnnsim.scenario.scenario import Scenario

#: For commands that do not look at the tour: an override that makes it fail must not stop them.
NO_TOUR = "tour=[]"


def read(
    source: str,
    settings: Sequence[str] = (),
    tour: bool = True,
    input_size: tuple[int, ...] | None = None,
    check_shapes: bool = True,
    once: bool = True,
    at: str | None = None,
) -> Scenario:
    """The scenario that `source` names, with its overrides. Raises FileError or UsageError.

    Of a run folder, the iteration that the address `at` begins with. Who has to read it `once` only
    may be given a pipe.
    """
    if not source:
        raise UsageError("the name of the scenario is empty", "cnnsim list says what there is")
    from cnnsim.training.opening import open_scenario
    from cnnsim.training.runfolder import is_run_folder, meant_instead

    if is_run_folder(source):
        return open_scenario(source, settings, at)
    from cnnsim.scenario.reader import read_scenario

    try:
        return read_scenario(
            source,
            settings if tour else (*settings, NO_TOUR),
            input_size=input_size,
            check_shapes=check_shapes,
            once=once,
        )
    except MissingError as error:
        if runs := meant_instead(Path(source)):
            error.hint = runs
        raise
