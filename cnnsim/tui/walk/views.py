"""What the panels of the walk show: one immutable value for each."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.network.layer import Shape
from cnnsim.tui.stage.prose import Paragraph
from cnnsim.tui.walk.picture import Source
from cnnsim.tui.walk.sight import Sight, Unit
from cnnsim.tui.walk.table import Line
from cnnsim.tui.walk.whatif import Knob


@dataclass(frozen=True)
class TableView:
    """All lines, those that are listed, the selected one."""

    every: tuple[Line, ...]
    lines: tuple[Line, ...]
    selected: str

    @property
    def at(self) -> int:
        """The selected line among the listed ones."""
        return next((n for n, line in enumerate(self.lines) if line.name == self.selected), 0)


@dataclass(frozen=True, eq=False)
class Looking:
    """A layer, one of its units, what that sees, and which channel is shown.

    `moving`: the arrow keys move the unit.
    """

    name: str
    output: Shape | None
    unit: Unit | None
    sight: Sight | None
    source: Source
    channel: int | None
    moving: bool


@dataclass(frozen=True)
class Question:
    """The rows of the what-if panel, the one that keys change, and the outcome in words.

    `others` counts changes in layers that are not selected.
    """

    knobs: tuple[Knob, ...]
    at: int
    verdict: tuple[Paragraph, ...]
    others: int
