"""Everything that the panels of the training screen draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cnnsim.training.samples import Pictures
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.train.view import RunView


@dataclass(frozen=True, eq=False)
class Scene:
    """The runs, which of them the panels of one run show, and how.

    Attributes:
        log: whether losses are on a log axis.
        mistake: the chosen one of the worst mistakes.
        pictures: the test pictures [samples, channels, rows, columns], once they are read.
        is_live: whether the run is trained here, not watched.
    """

    runs: tuple[RunView, ...]
    chosen: int
    log: bool
    mistake: int
    pictures: Pictures | None
    is_live: bool
    palette: Palette
    ascii: bool = False

    @property
    def run(self) -> RunView:
        """The chosen run."""
        return self.runs[self.chosen]


@dataclass(frozen=True)
class Words:
    """What stands in the frame of a panel."""

    title: tuple[Piece, ...] = ()
    right: tuple[Piece, ...] = ()
    bottom: tuple[Piece, ...] = ()
    bottom_right: tuple[Piece, ...] = ()


#: Draws inside a frame, one column and row clear of it, and says what the frame says.
Painter = Callable[[Canvas, Scene], Words]
