"""Everything that the panels of the training screen draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import wrap

from rich.style import Style

from cnnsim.stepper.pull import Pull
from cnnsim.training.samples import Pictures
from cnnsim.tui.drawing.canvas import Canvas, Piece
from cnnsim.tui.drawing.numbers import count
from cnnsim.tui.drawing.palette import Palette
from cnnsim.tui.train.entries import Entry
from cnnsim.tui.train.view import RunView, Tested


@dataclass(frozen=True)
class Words:
    """What stands in the frame of a panel, and whether there is nothing to show in it yet."""

    title: tuple[Piece, ...] = ()
    right: tuple[Piece, ...] = ()
    bottom: tuple[Piece, ...] = ()
    bottom_right: tuple[Piece, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True, eq=False)
class Watch:
    """One number of a parameter through the run.

    Attributes:
        entry: its tensor and index.
        points: updates done and values, ascending.
        filled: up to which update they are as dense as they get.
        pull: what moved it at the slider, once that is known.
        chosen: a row of what moved it: first the rules, then the terms.
    """

    entry: Entry
    points: tuple[tuple[int, float], ...] = ()
    filled: int = 0
    pull: Pull | None = None
    chosen: int = 0


@dataclass(frozen=True, eq=False)
class Scene:
    """The runs, which of them the panels of one run show, and how.

    Attributes:
        log: whether losses are on a log axis.
        mistake: the chosen one of the worst mistakes.
        pictures: the test pictures [samples, channels, rows, columns], once they are read.
        is_live: whether the run is trained here, not watched.
        at: the update that the slider stands at; None where it follows the run.
        busy: what is being computed for the slider, if anything.
        watch: the number that is watched.
    """

    runs: tuple[RunView, ...]
    chosen: int
    log: bool
    mistake: int
    pictures: Pictures | None
    is_live: bool
    palette: Palette
    ascii: bool = False
    at: int | None = None
    busy: str = ""
    watch: Watch | None = None

    @property
    def end(self) -> int:
        """How many updates the run has made."""
        return self.run.iteration

    @property
    def place(self) -> int:
        """The update that the slider stands at."""
        return self.end if self.at is None else min(self.at, self.end)

    @property
    def run(self) -> RunView:
        """The chosen run."""
        return self.runs[self.chosen]

    @property
    def then(self) -> RunView:
        """The run with the epochs and the rates that it had where the slider stands."""
        run, at = self.run, self.at
        if at is None or not run.each:
            return run
        rows = tuple(row for row in run.rows if row.epoch * run.each <= at)
        changes = tuple(change for change in run.changes if change.iteration <= at)
        return replace(run, rows=rows, changes=changes)

    @property
    def no_test(self) -> str:
        """Why a run that has epochs shows no test; empty where it has none."""
        if self.is_live or not self.run.rows:
            return ""
        return "There is no test to show." if self.run.note else "Reading the pictures."

    @property
    def tested_here(self) -> Tested | None:
        """The test at the slider; None while that of another place is still shown."""
        tested = self.run.tested
        is_here = self.at is None or (tested is not None and tested.iteration == self.place)
        return tested if is_here else None

    @property
    def tested_after(self) -> str:
        """``epoch 12``; at the slider, and between epochs, ``update 340``."""
        assert self.run.tested is not None, "there is a test"
        made, each = self.run.tested.iteration, self.run.each
        if self.at is None and each and made % each == 0:
            return f"epoch {made // each}"
        return f"update {count(made)}"

    @property
    def beginning(self) -> str:
        """What is being done before the first update, as a sentence; empty after it."""
        return _sentence(self.run.note if self.run.state == "starting" else "")

    @property
    def doing(self) -> str:
        """What is being done for the slider or before the first update; empty where nothing is."""
        return _sentence(self.busy) or self.beginning

    def coming(self, text: str) -> str:
        """`text`, which says when something comes; of a run that was cut short, that it does not.

        What a finished run has may still be on its way.
        """
        is_cut = self.run.has_ended and self.run.state != "finished"
        return "The run ended before there was any." if is_cut else text

    def say_instead(self, canvas: Canvas, words: Words, text: str) -> Words:
        """Write `text` where there is nothing to show yet; `words` of the frame, saying so."""
        write_wrapped(canvas, text, self.palette.dim)
        return replace(words, is_empty=True)


def write_wrapped(canvas: Canvas, text: str, style: Style) -> int:
    """Write `text` inside the frame, over as many rows as it takes; the first row below it.

    It ends in ``…`` where it takes more than there are.
    """
    width, rows = max(canvas.width - 4, 1), max(canvas.height - 2, 0)
    lines = wrap(text, width, max_lines=rows, placeholder="…") if rows else []
    for row, line in enumerate(lines, 1):
        canvas.put(2, row, line, style)
    return 1 + len(lines)


def _sentence(doing: str) -> str:
    return f"{doing[0].upper()}{doing[1:]}." if doing else ""


#: Draws inside a frame, one column and row clear of it, and says what the frame says.
Painter = Callable[[Canvas, Scene], Words]
