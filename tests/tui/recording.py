"""What a terminal showed at each stage of a journey, kept as text beside the tests.

``CNNSIM_RECORD=1`` writes it anew. Numbers differ from machine to machine, so nobody compares the
screens themselves: a recording has to have the same stages, in the same order.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from terminal import Terminal

_RULE = "=" * 20


class Recording:
    """The stages of one journey, in the file `name` of the folder ``recordings``."""

    def __init__(self, name: str) -> None:
        self._path = Path(__file__).with_name("recordings") / f"{name}.txt"
        self._stages: list[tuple[str, str]] = []

    def stage(self, title: str, terminal: Terminal) -> None:
        """Keep what the terminal shows."""
        terminal.settle()
        text = terminal.text().replace(str(terminal.home), "~")
        self._stages.append((title, text))

    def finish(self) -> None:
        """Write the recording if that is asked for, and compare its stages."""
        if os.environ.get("CNNSIM_RECORD"):
            pages = [f"{_RULE} {title}\n{text}\n" for title, text in self._stages]
            self._path.write_text("\n".join(pages), "utf-8")
        kept = self._path.read_text("utf-8")
        titles = re.findall(rf"^{_RULE} (.+)$", kept, re.M)
        assert titles == [title for title, _ in self._stages], "record it anew: CNNSIM_RECORD=1"
