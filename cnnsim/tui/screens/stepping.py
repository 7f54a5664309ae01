"""A screen that shows one step of a scenario: everything on it follows from the position."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult

from cnnsim.amounts import counted
from cnnsim.errors import CnnsimError
from cnnsim.network.graph import INPUT
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.stops import Stops
from cnnsim.steps.moves import UNITS
from cnnsim.tui.marks import scenario_key
from cnnsim.tui.screens.base import BaseScreen
from cnnsim.tui.screens.computing import Computing
from cnnsim.tui.screens.editor import Editor
from cnnsim.tui.screens.finder import Finder
from cnnsim.tui.screens.guesser import Guesser
from cnnsim.tui.screens.player import Player
from cnnsim.tui.screens.recorder import Recorder
from cnnsim.tui.stage.crumbs import crumbs_of, spare_of, states_of
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.typed import spelled_out
from cnnsim.tui.stage.view import MODES, View
from cnnsim.tui.widgets.board import Board


class SteppingScreen(BaseScreen):
    """Holds the position; how one moves, and what else can be done, is for those who follow."""

    stepper: Stepper

    def __init__(self, stepper: Stepper, at: int = 0) -> None:
        super().__init__()
        self.stepper = stepper
        self.stage = Stage(stepper)
        self.edits = Edits(stepper)
        self.step = at
        self.view: View | None = None
        self._mode = MODES[0]
        self._unit = UNITS[0]
        self._skip_padding = False
        self._scatter: int | None = None
        self._hover: tuple[str, tuple[int, ...]] | None = None
        # Of a run: the update that was looked at last, and whether it is still to be done.
        self._update: int | None = None
        self._is_ahead = False
        self._player = Player(self, self._play_on)
        self._computing = Computing(self)
        self._finder = Finder(self)
        self._guesser = Guesser(self)
        self._recorder = Recorder(self)
        self._editor = Editor(self)
        self._stops = Stops(stepper)
        self.board = Board(self.stage)

    @property
    def key(self) -> str | None:
        """Under what name marks are kept; None for a drawn digit, which no name opens again."""
        return None if self.stepper.is_fed else scenario_key(self.stepper.scenario)

    def compose(self) -> ComposeResult:
        """Header, stage, footer."""
        yield self.header
        yield self.board
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Compute the tensors: at once where that is quick, else in the background."""
        self._compute()

    def on_screen_resume(self) -> None:
        """Another screen may have edited or moved."""
        self.stage.forget()
        self.go(self.step)

    # -- showing ---------------------------------------------------------------------------------

    def _compute(self) -> None:
        self._computing.start(self.stepper.trace.position(self.step).iteration)

    @property
    def is_showing(self) -> bool:
        """Whether the panels show the present step, not a wait for it."""
        return self.view is not None and self.view.step == self.step

    def needs(self, step: int) -> bool:
        """Whether tensors are missing to look at `step`; then they are being computed."""
        if not self.stepper.is_ready(step):
            self._computing.start(self.stepper.trace.position(step).iteration)
        return not self.stepper.is_ready(step)

    def go(self, step: int) -> None:
        """Show `step`; where that cannot be, say so and stay."""
        try:
            stepper, step = self.stepper.reopened(step)
        except CnnsimError as error:
            self._player.pause()
            self.complain(error)
            return
        self.go_in(stepper, step)

    def located(self, text: str) -> tuple[Stepper, int]:
        """The step that an address names, in this iteration unless it says; and its stepper.

        Entries may be written as the panels write them. Raises AddressError.
        """
        position = self.stepper.trace.position(self.step)
        return self.stepper.locate(spelled_out(self.stepper, position, text), position.iteration)

    def go_in(self, stepper: Stepper, step: int) -> None:
        """Show `step` of `stepper`, which may be that of a batch of another size."""
        if step != self.step and self.is_mounted:
            # What was said belongs to the step before.
            self.app.clear_notifications()
            self._guesser.verdict = ""
            if not self._player.is_playing:
                self.footer.hush()
        if stepper is not self.stepper:
            self._take(stepper)
            number, size = stepper.trace.position(step).iteration, stepper.shapes[INPUT][0]
            self.tell(f"update {number:,} has a batch of {counted(size, 'picture')}")
        self.step = step
        if not self.is_mounted or not self.size:
            return
        self._tell_ahead(stepper.trace.position(step).iteration)
        if self.needs(step):
            self._show_waiting()
            return
        if not self._player.is_playing:
            self._recorder.see(step)
        previous = self.view
        self.view = self.look(step)
        if self.key is not None:
            course, steps = self.stepper.scenario.course, len(self.stepper.trace)
            if course is not None:
                # Steps of a run are counted anew where batches have another size; updates are not.
                step, steps = self.view.position.iteration, course.iterations
            address, is_end = self.view.reading.address, self.view.is_last_stop
            self.cnnsim.marks.put(self.key, step, address, steps, is_end)
        self._show(previous)

    def _tell_ahead(self, number: int) -> None:
        """Say so where one comes to updates that the run has not done."""
        course = self.stepper.scenario.course
        if course is None or number == self._update:
            return
        self._update, done, was_ahead = number, course.done, self._is_ahead
        self._is_ahead = number >= done
        if self._is_ahead and not was_ahead:
            self.notify(
                f"update {number:,} lies beyond the {counted(done, 'update')} that this run has "
                "saved: it is computed here, as training would go on",
                timeout=12,
            )

    def _take(self, stepper: Stepper) -> None:
        """Go on with another stepper: that of a batch of another size."""
        self.stepper = stepper
        self.stage = self.board.stage = Stage(stepper)
        self.edits = Edits(stepper)
        self.view = None
        self._stops = Stops(stepper)
        self._hover = None
        self._computing.forget()
        self._finder.forget()
        self.board.forget()

    def look(self, step: int) -> View:
        """`step` as it would be shown."""
        position = self.stepper.trace.position(step)
        sweep = self.stepper.trace.sweep_of(position)
        return View(
            scenario=self.stepper.scenario.name,
            step=step,
            steps=len(self.stepper.trace),
            iterations=self.stepper.trace.iterations,
            macs=self.stepper.trace.macs,
            sweep=sweep,
            position=position,
            work=self.stepper.work(position),
            reading=self.stepper.read(step),
            mode=self._mode,
            unit=self._unit,
            playing=self._player.is_playing,
            speed=self._player.speed,
            skip_padding=self._skip_padding,
            stop=self._stops.at(step),
            stop_number=self._stops.number_at(step) or 0,
            stops=len(self._stops),
            hover=self._hover,
            edits=len(self.edits),
            recorded=len(self._recorder.recording or ()),
            recorded_note=self._recorder.note_at(step),
            guesses=(self._guesser.score.right, self._guesser.score.asked),
            verdict=self._guesser.verdict,
            guessing=self._guesser.is_asking,
            breakpoint=self._finder.breakpoint,
            scatter=self._scatter if self._scatter in range(len(sweep.reads)) else None,
        )

    def _show(self, previous: View | None) -> None:
        view = self.view
        if view is not None:
            self.board.show(view, previous)
            self.header.show(crumbs_of(view), *states_of(view), spare=spare_of(view))

    def _show_waiting(self) -> None:
        """The step needs tensors that are still being computed: say so, keep the place."""
        self.view = None
        address = self.stepper.address(self.step)
        self.header.show(
            [(self.stepper.scenario.name, "bar_dim"), (address, "bar_bold")],
            [("computing", "bar_dim")],
            spare=((-1,), (-1, 0)),
        )
        rows = self._computing.waiting(self.stepper.trace.position(self.step).iteration)
        self.board.wait("computing every layer; the step opens by itself", rows)

    def lay_panels(self) -> None:
        """The size has changed."""
        self.call_after_refresh(self.show_again)

    def show_again(self) -> None:
        """Show the same step anew."""
        self.go(self.step)

    def action_maximise(self) -> None:
        """The focused panel alone, or all of them again."""
        self.board.maximise("out")

    def action_turn(self, direction: int) -> None:
        """The next or previous panel; panels that share a place come up in turn."""
        self.board.turn(direction)

    def action_page(self, direction: int) -> None:
        """Read on in the note, or back."""
        self.board.page_note(direction)

    @property
    def run_folder(self) -> Path | None:
        """The folder of the scenario where that is a run's."""
        from cnnsim.training.opening import run_folder_of

        return run_folder_of(self.stepper.scenario)

    @property
    def run_update(self) -> int | None:
        """The iteration at hand, where this is the course of a run.

        A run opens at its first one: who stays there has not asked for an update.
        """
        if self.stepper.scenario.course is None:
            return None
        return self.stepper.trace.position(self.step).iteration or None

    def numbers_changed(self) -> None:
        """An edit: show what follows from it."""
        self.stage.forget()
        self.board.forget()
        self._finder.forget()
        self._guesser.verdict = ""
        self._compute()
        self.go(self.step)

    def note_at(self, step: int) -> str:
        """What the tour says of `step`."""
        stop = self._stops.at(step)
        return stop.say if stop is not None else ""

    def play(self) -> None:
        """Go on by itself."""
        self._player.play()
        self.show_again()

    def _play_on(self, steps: int) -> bool:
        """Go on by `steps` units and show the last; False where it goes no further."""
        if self._finder.looks_ahead():
            return False
        start = target = self.step
        for _ in range(steps):
            target = self.stepper.move(target, self._unit, True, self._skip_padding)
        stop = self._finder.stop_between(start, target)
        if stop is not None or target == start:
            self._player.pause()
        self.go(target if stop is None else stop)
        if stop is not None:
            self.tell(f"stopped at {self._finder.breakpoint}; B: no longer")
        return stop is None and target != start
