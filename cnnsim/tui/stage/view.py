"""What the stepper shows at one moment: one frozen value, of which every panel is a function."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.scenario.model import Stop
from cnnsim.steps.reading import Reading
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Position, ravel
from cnnsim.steps.work import Work
from cnnsim.tui.drawing.plane import Mode

MODES: tuple[Mode, ...] = ("numbers", "symbols", "colours")


@dataclass(frozen=True)
class View:
    """A step, with how it is looked at.

    Attributes:
        scenario: its name.
        step, steps: the number of the step, and of how many.
        iterations: how many there are.
        macs: how many multiply-adds an iteration numbers.
        sweep, position, work, reading: the step, taken apart.
        mode: numbers, symbols or colours.
        unit: the size of the next step.
        playing, speed: whether it goes on by itself, and how many steps a second.
        skip_padding: taps on padding are passed over.
        stop, stop_number, stops: the tour's stop at this step, if any.
        hover: the tensor index under the mouse.
        edits: how many numbers have been changed.
        recorded: how many stops have been recorded.
        recorded_note: what the recording says of this step, in place of the tour.
        guesses: how many were right, of how many.
        verdict: what the guess of this step's value was worth, just now.
        guessing: whether what comes is asked for, and nothing may give it away.
        breakpoint: what playing stops at.
        scatter: the read whose uses are shown; None for the terms of the cell.
    """

    scenario: str
    step: int
    steps: int
    macs: int
    sweep: Sweep
    position: Position
    work: Work
    reading: Reading
    mode: Mode = "numbers"
    unit: str = "product"
    playing: bool = False
    speed: float = 1.0
    skip_padding: bool = False
    stop: Stop | None = None
    stop_number: int = 0
    stops: int = 0
    hover: tuple[str, tuple[int, ...]] | None = None
    edits: int = 0
    recorded: int = 0
    recorded_note: str = ""
    guesses: tuple[int, int] = (0, 0)
    verdict: str = ""
    guessing: bool = False
    breakpoint: str = ""
    scatter: int | None = None
    iterations: int = 1

    @property
    def tap(self) -> int:
        """The number of the tap within its cell."""
        number: int = ravel(self.position.tap, self.sweep.taps)
        return number

    @property
    def cell(self) -> int:
        """The number of the cell within its sweep."""
        number: int = ravel(self.position.cell, self.sweep.cells)
        return number

    @property
    def note(self) -> str:
        """What the recording or the tour says of the step."""
        return self.recorded_note or (self.stop.say if self.stop is not None else "")

    @property
    def is_last_stop(self) -> bool:
        """The tour ends here."""
        return self.stop is not None and self.stop_number == self.stops - 1

    @property
    def is_last_tap(self) -> bool:
        """The cell is complete after this step."""
        return self.tap == self.sweep.tap_count - 1
