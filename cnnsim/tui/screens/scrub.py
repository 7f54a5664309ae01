"""Where the slider of a run stands, and what is known of there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import CnnsimError
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.history import History
from cnnsim.training.run import Run
from cnnsim.tui.train.opened import stepper_on, trained_scenario
from cnnsim.tui.train.scene import Watch
from cnnsim.tui.train.scrubber import Entry, Scrubber, Wish
from cnnsim.tui.train.view import RunView, heard
from cnnsim.tui.train.weight import rows_of, step_of

if TYPE_CHECKING:
    from cnnsim.tui.screens.trainboard import TrainBoard

#: What a moment of a run shows in place of the latest.
_FOLLOWS = ("filters", "tested", "gradients", "layers", "specimen", "batch_loss")


class Scrub:
    """The slider of one run of a training screen.

    Attributes:
        at: the update it stands at; None where it follows the run.
        busy: what is being computed for it, in words.
        shown: the specimen whose maps are shown.
        watch: the number that is watched.
    """

    def __init__(self, screen: TrainBoard, run: Run) -> None:
        self._screen = screen
        self._run = run
        self._scrubber = Scrubber(run, lambda event: screen.from_thread(self._hear, event))
        self._wish: Wish | None = None
        self._moment: tuple[int, RunView] | None = None
        self.at: int | None = None
        self.busy = ""
        self.shown = 0
        self.watch: Watch | None = None

    def close(self) -> None:
        """No longer look."""
        self._scrubber.close()

    # -- showing ---------------------------------------------------------------------------------

    def applied(self, view: RunView) -> RunView:
        """The run as it was at the slider, with the curves of all of it."""
        if self._moment is None:
            return view
        number, moment = self._moment
        if self.at is None and (view.state == "running" or number != view.iteration):
            return view
        changes: dict[str, Any] = {name: getattr(moment, name) for name in _FOLLOWS}
        return replace(view, **changes)

    def follow(self, view: RunView) -> None:
        """The run has gone on."""
        self._scrubber.follow(view.iteration)

    # -- wishes ----------------------------------------------------------------------------------

    def go(self, number: int, view: RunView) -> None:
        """Stand at update `number`; at the last one it follows the run."""
        self.at = None if number >= view.iteration else max(number, 0)
        self.look(view)

    def slide(self, by: int, view: RunView) -> None:
        """So many updates on, or back."""
        self.go((view.iteration if self.at is None else self.at) + by, view)

    def look(self, view: RunView) -> None:
        """Have everything looked up that is shown."""
        self._scrubber.follow(view.iteration)
        number: int | None = self.at
        if number is None and view.state != "running":
            number = view.iteration
        entry = self.watch.entry if self.watch is not None else None
        if number is None and entry is None:
            self.busy = ""
            return
        wish = Wish(number, self.shown, entry)
        if wish == self._wish:
            return
        self._wish = wish
        if number is not None:
            self.busy = "computing"
            if self.watch is not None and self.watch.pull is not None:
                self.watch = replace(self.watch, pull=None, chosen=0)
        self._scrubber.look(wish)

    def watch_entry(self, entry: Entry, view: RunView) -> None:
        """Watch a number of a parameter."""
        self.watch = Watch(entry)
        self.look(view)

    def choose(self, by: int) -> None:
        """Another row of what moved the number that is watched."""
        watch = self.watch
        if watch is not None and watch.pull is not None:
            last = rows_of(watch.pull) - 1
            self.watch = replace(watch, chosen=min(max(watch.chosen + by, 0), last))
        else:
            self._screen.tell("there is no row to choose: w chooses a number to watch")

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "computing":
            share = f" {event['share']:.0%}" if event["share"] else ""
            self.busy = (event["what"] or "computing") + share
        elif kind == "snapshot":
            before = self._moment[1] if self._moment is not None else self._screen.latest(self._run)
            self._moment = event["number"], heard(before, [event])
        elif kind == "course" and self.watch is not None and self.watch.entry == event["entry"]:
            self.watch = replace(self.watch, points=event["points"], filled=event["filled"])
        elif kind == "pull" and self.watch is not None and event["wish"] == self._wish:
            self.watch = replace(self.watch, pull=event["pull"], chosen=0)
        elif kind == "done" and event["wish"] == self._wish:
            self.busy = ""
        elif kind == "error":
            self.busy = ""
            self._screen.complain(CnnsimError(event["message"], event["hint"]))
        self._screen.refresh_panels()

    # -- going inside ----------------------------------------------------------------------------

    def step_into(self, number: int) -> None:
        """Open update `number` in the stepper; after the last one, that one."""

        def job(history: History) -> None:
            opened = min(number, history.total - 1)
            stepper = self._scrubber.give_stepper(history, opened)
            self._open(stepper, opened * stepper.trace.steps_per_iteration)

        self._do(job)

    def step_into_row(self, number: int) -> None:
        """Open the chosen step of what moved the number that is watched, in update `number`."""
        watch = self.watch
        if watch is None or watch.pull is None:
            self._screen.tell("there is no step to open here: w chooses a number to watch")
            return
        step = step_of(watch.pull, watch.chosen)
        self._do(lambda history: self._open(self._scrubber.give_stepper(history, number), step))

    def step_into_picture(self, number: int, picture: npt.NDArray[np.float64], truth: int) -> None:
        """Open the net of after `number` updates on a picture."""

        def job(history: History) -> None:
            tensors = history.tensors(number)
            stepper = stepper_on(trained_scenario(self._run), picture, truth, tensors)
            self._open(stepper, stepper.find("first"))

        self._do(job)

    def _do(self, job: Callable[[History], None]) -> None:
        self.busy = "opening the stepper"
        self._screen.refresh_panels()
        self._scrubber.do(job)

    def _open(self, stepper: Stepper, step: int) -> None:
        self._screen.from_thread(self._opened, stepper, step)

    def _opened(self, stepper: Stepper, step: int) -> None:
        from cnnsim.tui.screens.forward import ForwardScreen

        self.busy = ""
        if self._screen.is_current:
            self._screen.app.push_screen(ForwardScreen(stepper, step))
