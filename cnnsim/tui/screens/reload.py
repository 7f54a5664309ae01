"""Watching a scenario file: read it again when it has been saved."""

from __future__ import annotations

from pathlib import Path

from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.scenario import Scenario


class FileWatch:
    """Remembers when a file was last written. None watches nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp = self._look()

    def _look(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            # Editors replace files; in between there is none.
            return None
        return status.st_mtime_ns, status.st_size

    def changed(self) -> Scenario | None:
        """The scenario anew if the file was written since the last look.

        Raises FileError, once for each save, where it holds mistakes.
        """
        stamp = self._look()
        if self._path is None or stamp is None or stamp == self._stamp:
            return None
        self._stamp = stamp
        return read_scenario(str(self._path))
