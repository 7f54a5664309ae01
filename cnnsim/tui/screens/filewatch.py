"""Watching a scenario file: read it again when it has been saved."""

from __future__ import annotations

from cnnsim.scenario.files import Stamp, stamp
from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.scenario import Scenario


class FileWatch:
    """Remembers when the file of a scenario was last written; where it has none, it never was.

    Nor is that of a run: it has been opened at an update, which stays what it was.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._path = scenario.path if scenario.course is None else None
        self._settings = scenario.settings
        self._stamp = self._look()

    def _look(self) -> Stamp | None:
        # Editors replace files; in between there is none.
        return None if self._path is None else stamp(self._path)

    def changed(self) -> Scenario | None:
        """The scenario anew, with its overrides, if the file was written since the last look.

        Raises FileError, once for each save, where it holds mistakes.
        """
        seen = self._look()
        if self._path is None or seen is None or seen == self._stamp:
            return None
        self._stamp = seen
        return read_scenario(str(self._path), self._settings)
