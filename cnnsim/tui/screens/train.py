"""Training: watch a net learn, hold it, lead it step by step, and go back through all of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from textual.binding import BindingType

from cnnsim.amounts import percent
from cnnsim.errors import CnnsimError, clear_errors
from cnnsim.training.load import load
from cnnsim.training.run import Run
from cnnsim.training.samples import Pictures
from cnnsim.tui.actions import Action, bindings_of
from cnnsim.tui.screens.trainboard import STATES, TrainBoard
from cnnsim.tui.train.opened import stepper_on, trained_scenario
from cnnsim.tui.train.rates import next_rate, told
from cnnsim.tui.train.source import Source, Trainer, Watcher
from cnnsim.tui.train.view import heard, view_of
from cnnsim.tui.widgets.trainpanels import MistakesPanel

#: Seconds between two looks for news, and between two questions how the network looks.
_TICK, _LOOK = 0.1, 0.3


class TrainScreen(TrainBoard):
    """One run that is trained for this screen, or some that are watched."""

    kind = "train"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("train")]

    def __init__(self, runs: Sequence[Run], sources: Sequence[Source], is_live: bool) -> None:
        super().__init__(runs, is_live)
        self.header.hide_activity()
        self._sources = list(sources)
        self._reading: set[int] = set()
        self._asked = 0.0
        # Whether it has been asked to stand still, or to go on, and does not do so yet.
        self._hold: bool | None = None
        #: What to do once the run stands still and is saved.
        self._then: Callable[[], None] | None = None

    def on_mount(self) -> None:
        """Begin at once."""
        for source in self._sources:
            source.start()
        self.set_interval(_TICK, self._listen)

    def on_unmount(self) -> None:
        """Whoever trains saves and ends."""
        for source in self._sources:
            source.close()

    # -- news ------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Take what is new, ask how the network looks, show it."""
        changed, view = False, self.view
        for number, source in enumerate(self._sources):
            if news := source.news():
                self._views[number] = heard(self._views[number], news)
                changed = True
        before, view = view, self.view
        if view.went_wrong and not before.went_wrong:
            self.board.bring_up("log")
        if self._hold == (view.state == "paused"):
            self._hold = None
        if changed:
            self.scrub.follow(view)
            self._stand()
        tested = self.scene().run.tested
        if tested is not None:
            self._mistake = min(self._mistake, max(len(tested.mistakes) - 1, 0))
            self._read_pictures(self._chosen)
        is_seen = self._is_live and self.is_current
        if is_seen and view.state == "running" and monotonic() - self._asked >= _LOOK:
            self._asked = monotonic()
            self._sources[0].tell({"look": self.scrub.shown})
        if self._then is not None and (view.state == "paused" or view.has_ended):
            then, self._then = self._then, None
            then()
        if changed:
            self.refresh_panels()
            self.footer.repaint()
            if self._is_live:
                self._tell_activity()

    def on_screen_resume(self) -> None:
        """What happened below another screen."""
        self.refresh_panels()

    def _read_pictures(self, number: int) -> None:
        """The test pictures, once, in the background."""
        if number not in self._reading:
            self._reading.add(number)
            self.run_worker(lambda: self._load(number), thread=True, group="pictures")

    def _load(self, number: int) -> None:
        try:
            with clear_errors("the test pictures"):
                pictures = load(self._runs[number].scenario).test.pictures
        except CnnsimError as error:
            self.from_thread(self.complain, error)
            return
        self.from_thread(self._loaded, number, pictures)

    def _loaded(self, number: int, pictures: Pictures) -> None:
        self._pictures[number] = pictures
        self.refresh_panels()

    # -- leading ---------------------------------------------------------------------------------

    def offers(self, action: str) -> bool:
        """Nothing that leads a run where it is watched or over; one that was stopped can go on.

        And no other run where there is just one.
        """
        if action in ("run.next", "run.previous"):
            return len(self._views) > 1
        leads = action in ("run.pause", "run.batch", "run.epoch", "rate.larger", "rate.smaller")
        goes_on = action == "run.pause" and self.view.can_go_on
        return not leads or (self._is_live and (goes_on or not self.view.has_ended))

    def verb(self, action: Action) -> str:
        """What space does with a run that stands still."""
        again = {"failed": "try again", "stopped": "go on", "paused": "go on"}
        said = again.get(self.view.state) if action.id == "run.pause" else None
        return said or super().verb(action)

    def _can_lead(self) -> bool:
        """Whether the run can be told anything; says why not."""
        view = self._views[self._chosen]
        where = shlex.quote(view.folder)
        if self._is_live and view.can_go_on:
            is_failed = view.state == "failed"
            does = "failed: space tries again" if is_failed else "been stopped: space goes on"
            self.tell(f"the run has {does} with it")
        elif view.has_ended and self._is_live:
            self.notify(f"the run is over: it is kept in {where}", timeout=6, markup=False)
        elif view.has_ended:
            self.tell("this run has ended: ←→ go through its training")
        elif not self._is_live:
            told = "this run is watched, whoever trains it leads it; where nobody does any more:"
            self.notify(f"{told} cnnsim train {where} --resume", timeout=6, markup=False)
        return self._is_live and not view.has_ended

    def _ask(self, request: str) -> bool:
        """Whether it can be told that."""
        can = self._can_lead()
        if can:
            self._sources[0].tell({"ask": request})
        return can

    def action_pause(self) -> None:
        """Pause, or go on."""
        view = self._views[0]
        if self._is_live and view.can_go_on:
            self._train_on()
            return
        # Quick hands go on before it stands still.
        stands = self._hold if self._hold is not None else view.state == "paused"
        if self._ask("continue" if stands else "pause"):
            self._hold = not stands

    def _train_on(self) -> None:
        """Go on with a run that has been stopped, from what it saved."""
        run = self._runs[0]
        self._views[0] = replace(self._views[0], state="starting", note="", rows=view_of(run).rows)
        self._hold = None
        self._sources = [Trainer(run)]
        self._sources[0].start()
        self.board.bring_up("mistakes")
        self.footer.repaint()

    def action_batch(self) -> None:
        """One update, then pause."""
        self._ask("batch")

    def action_epoch(self) -> None:
        """To the end of the epoch, then pause."""
        self._ask("epoch")

    def action_rate(self, direction: int) -> None:
        """A larger or smaller learning rate from the next update on."""
        if self._can_lead():
            rate = next_rate(self._views[0].base, direction)
            self._sources[0].tell({"rate": rate})
            self.tell(told(self._runs[0].optimizer, rate))

    def action_stop(self) -> None:
        """Stop and save; where that is done already, quit."""
        if not self._is_live or self._views[0].has_ended:
            self.run_worker(self.app.run_action("quit"))
            return
        for source in self._sources:
            source.close()

    def _when_still(self, then: Callable[[], None]) -> None:
        """Do something with the weights of this moment: the run pauses and is saved first."""
        view = self._views[self._chosen]
        if not self._is_live or view.has_ended or view.state == "paused":
            then()
            return
        self._then = then
        self._sources[0].tell({"ask": "pause"})

    # -- mistakes --------------------------------------------------------------------------------

    def action_choose(self, direction: int) -> None:
        """The next or previous mistake; beside a weight, of what moved it."""
        if self.focused is self.panels["weight"]:
            self.scrub.choose(direction)
            self.refresh_panels()
            return
        if not self._shows_mistakes():
            return
        tested = self.scene().run.tested
        if tested is not None and tested.mistakes:
            self._mistake = (self._mistake + direction) % len(tested.mistakes)
            self.refresh_panels()
        else:
            self.tell("there is no mistake to choose")

    def on_mistakes_panel_chosen(self, event: MistakesPanel.Chosen) -> None:
        """A click chooses; a second one steps in."""
        if event.number == self._mistake:
            self._step_into_mistake()
        self._mistake = event.number
        self.refresh_panels()

    def action_inside(self) -> None:
        """Open the stepper: on this update, on what moved a weight, or on the chosen mistake."""
        if self.focused is self._slider:
            self.scrub.step_into(self.scene().place)
        elif self.focused is self.panels["weight"]:
            self.scrub.step_into_row()
        elif self._shows_mistakes():
            self._step_into_mistake()

    def _shows_mistakes(self) -> bool:
        """Whether they are on the screen; says how they get there."""
        is_shown = bool(self.panels["mistakes"].display)
        if not is_shown:
            self.tell("5 shows the mistakes to choose from")
        return is_shown

    def _step_into_mistake(self) -> None:
        """With the weights of where the slider stands."""
        tested = self.scene().run.tested
        pictures = self._pictures.get(self._chosen)
        if tested is None or pictures is None or not tested.mistakes:
            self.tell("there is no mistake to step into yet")
            return
        mistake = tested.mistakes[min(self._mistake, len(tested.mistakes) - 1)]
        picture = np.asarray(pictures[mistake.picture], np.float64)
        if self.scrub.at is not None:
            self.scrub.step_into_picture(self.scrub.at, picture, mistake.truth)
            return
        run = self._runs[self._chosen]
        self._when_still(lambda: self._step(run, picture, mistake.truth))

    def _step(self, run: Run, picture: npt.NDArray[np.float64], truth: int) -> None:
        from cnnsim.tui.screens.forward import ForwardScreen

        try:
            stepper = stepper_on(trained_scenario(run), picture, truth)
            step = stepper.find("first")
        except CnnsimError as error:
            self.complain(error)
            return
        self.app.push_screen(ForwardScreen(stepper, step))

    def action_draw(self) -> None:
        """Draw for this very run."""
        folder = self._runs[self._chosen].folder
        self._when_still(lambda: self.cnnsim.open_pad(folder))

    # -- leaving ---------------------------------------------------------------------------------

    def action_back(self) -> None:
        """All panels again; else back, while the run goes on."""
        if self.board.show_all():
            return
        self._then = None
        super().action_back()
        if self._is_live and self.view.has_ended:
            self.cnnsim.forget_training()
        elif self._is_live:
            self._tell_activity()
            does = "is paused" if self.view.state == "paused" else "goes on training"
            self.notify(f"{self.view.name} {does}: t comes back to it", timeout=4, markup=False)

    def _tell_activity(self) -> None:
        """For the headers of other screens."""
        view = self.view
        mark, _, word = STATES[view.state].partition(" ")
        accuracy = f" {percent(view.rows[-1].accuracy)}" if view.rows else ""
        count = f"{view.done}/{view.epochs}"
        named = f"{mark} {view.name} {count}"
        # Without the name beside it, ❚❚ would be taken for that of the player.
        short = f"{word if view.state == 'paused' else mark} {count}"
        self.cnnsim.tell_activity(f"{named}{accuracy}  t", f"{named}  t", f"{short}  t")


def live_screen(run: Run) -> TrainScreen:
    """The screen that trains `run`."""
    return TrainScreen([run], [Trainer(run)], True)


def watching_screen(runs: Sequence[Run]) -> TrainScreen:
    """The screen that watches `runs`."""
    return TrainScreen(runs, [Watcher(run) for run in runs], False)
