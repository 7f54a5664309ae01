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
from cnnsim.tui.train.entries import Entry
from cnnsim.tui.train.opened import stepper_on, trained_scenario
from cnnsim.tui.train.scene import Watch
from cnnsim.tui.train.scrubber import Scrubber, Wish
from cnnsim.tui.train.view import Event, RunView, heard
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
        self._watch: Watch | None = None

    @property
    def watch(self) -> Watch | None:
        """The number that is watched, with what moved it where that is known of this place."""
        watch, wish = self._watch, self._wish
        place = self._screen.latest(self._run).iteration if self.at is None else self.at
        if watch is None or watch.pull is None or (wish is not None and wish.number == place):
            return watch
        return replace(watch, pull=None, chosen=0)

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
        entry = self._watch.entry if self._watch is not None else None
        if number is None and entry is None:
            self.busy = ""
            return
        wish = Wish(number, self.shown, entry)
        if wish == self._wish:
            return
        if self._wish is None or self._wish.number != number:
            self._forget_pull()
        self._wish = wish
        self.busy = "computing" if number is not None else ""
        self._scrubber.look(wish)

    def _forget_pull(self) -> None:
        """What moved the watched number in another update is no news of this one."""
        if self._watch is not None and self._watch.pull is not None:
            self._watch = replace(self._watch, pull=None, chosen=0)

    def watch_entry(self, entry: Entry, view: RunView) -> None:
        """Watch a number of a parameter; one that is watched already stays as it is."""
        if self._watch is None or self._watch.entry != entry:
            self._watch = Watch(entry)
        self.look(view)

    def choose(self, by: int) -> None:
        """Another row of what moved the number that is watched."""
        watch = self.watch
        if watch is not None and watch.pull is not None:
            last = rows_of(watch.pull) - 1
            self._watch = replace(watch, chosen=min(max(watch.chosen + by, 0), last))
        else:
            self._screen.tell("there is no row to choose: w chooses a number to watch")

    def _hear(self, event: Event) -> None:
        kind = event["kind"]
        if kind == "computing":
            share = f" {event['share']:.0%}" if event["share"] else ""
            self.busy = (event["what"] or "computing") + share
        elif kind == "snapshot":
            latest = self._screen.latest(self._run)
            before = self._moment[1] if self._moment is not None else latest
            if event["number"] == latest.iterations:
                # No update follows; those of another place would stay.
                before = replace(before, gradients=latest.gradients, batch_loss=latest.batch_loss)
            self._moment = event["number"], heard(before, [event])
        elif kind == "course" and self._watch is not None and self._watch.entry == event["entry"]:
            self._watch = replace(self._watch, points=event["points"], filled=event["filled"])
        elif kind == "pull" and self._watch is not None and event["wish"] == self._wish:
            self._watch = replace(self._watch, pull=event["pull"])
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

    def step_into_row(self) -> None:
        """Open the chosen step of what moved the number that is watched, where it was found."""
        watch, wish = self.watch, self._wish
        if watch is None:
            self._screen.tell("there is no step to open here: w chooses a number to watch")
            return
        if watch.pull is None or wish is None or wish.number is None:
            waits = "what moved it is still being computed"
            self._screen.tell(
                waits if self.busy else "←→ choose an update: what moved it opens then"
            )
            return
        number, step = wish.number, step_of(watch.pull, watch.chosen)
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
