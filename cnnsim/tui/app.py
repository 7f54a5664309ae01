"""The app: colours, keys and signals; the screens do the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.events import CursorPosition
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.worker import WorkerFailed

from cnnsim import collector
from cnnsim.errors import CnnsimError
from cnnsim.tui.commands import Everything
from cnnsim.tui.config import Config, read_config
from cnnsim.tui.drawing.palette import ANSI, MONO, Palette, palette_named
from cnnsim.tui.ending import leave, run_to_its_end, unexpected
from cnnsim.tui.marks import Marks, scenario_key
from cnnsim.tui.plain import PlainFilter
from cnnsim.tui.screens.home import HomeScreen
from cnnsim.tui.screens.leaving import asks_before
from cnnsim.tui.theme import CYCLE, THEMES, theme_for
from cnnsim.tui.widgets.bars import Header

if TYPE_CHECKING:
    from pathlib import Path

    from cnnsim.scenario.scenario import Scenario
    from cnnsim.training.run import Run
    from cnnsim.tui.screens.train import TrainScreen


#: The name of the screen of the run that is trained here.
_TRAINING = "training"

#: Seconds that the app may take to end after a signal.
_LAST_WORDS = 3.0


class CnnsimApp(App[int]):
    """See, step through and train small convolutional networks."""

    TITLE = "cnnsim"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = []
    COMMANDS: ClassVar[set[Any]] = {Everything}
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        scenario: Scenario | None = None,
        at: int = 0,
        config: Config | None = None,
        marks: Marks | None = None,
        runs: Sequence[Run] = (),
    ) -> None:
        config = config or Config()
        self.palette: Palette = MONO if no_colour() else palette_named(config.theme)
        super().__init__(ansi_color=self.palette in (ANSI, MONO))
        self.ascii = config.glyphs == "ascii"
        self.keys = dict(config.keys)
        self.marks = marks or Marks()
        #: The marks of earlier sessions: where "resume" goes.
        self.resume_marks = dict(self.marks.recent())
        #: What nobody had thought of, if it happened.
        self.failure: BaseException | None = None
        self._plain = PlainFilter()
        self._home = HomeScreen()
        self._scenario = scenario
        self._at = at
        self._watched = tuple(runs)
        #: The screen of the run that is trained here, which goes on when one leaves it.
        self._training: TrainScreen | None = None
        #: What it does, for the headers of other screens: in full, and in short.
        self.activity: tuple[str, ...] = ()

    def on_mount(self) -> None:
        """Open home, and the scenario on top of it if one was named."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_for(self.palette)
        self.set_keymap(self.keys)
        self._catch_signals()
        self.push_screen(self._home)
        if self._scenario is not None:
            self.open_scenario(self._scenario, self._at)
        if self._watched:
            from cnnsim.tui.screens.train import watching_screen

            self.push_screen(watching_screen(self._watched))
        self.call_after_refresh(collector.settle)

    def open_scenario(self, scenario: Scenario, at: int = 0, walk: bool = False) -> None:
        """Step through `scenario` from step `at`, or walk its shapes."""
        from cnnsim.stepper.stepper import Stepper
        from cnnsim.tui.screens.forward import ForwardScreen
        from cnnsim.tui.screens.walk import WalkScreen

        try:
            stepper, at = Stepper(scenario).reopened(at)
        except CnnsimError as error:
            self.complain(error)
            return
        self._home.choose(scenario_key(scenario))
        if walk:
            self.push_screen(WalkScreen(stepper))
        else:
            self.push_screen(ForwardScreen(stepper, at))

    def open_pad(self, folder: Path | None = None) -> None:
        """Draw for the run in `folder`, or for a net of the pad's own, trained first if need be."""
        from cnnsim.tui.pad.padnet import PadNet
        from cnnsim.tui.screens.draw import DrawScreen
        from cnnsim.tui.screens.prepare import Prepared, PrepareScreen

        def opened(net: Prepared) -> None:
            if isinstance(net, CnnsimError):
                self.complain(net)
            elif net is not None:
                self.push_screen(DrawScreen(net))

        if folder is None:
            self.push_screen(PrepareScreen(), opened)
            return
        try:
            opened(PadNet(folder))
        except CnnsimError as error:
            self.complain(error)

    def train(self, scenario: Scenario, update: int | None = None) -> None:
        """Train `scenario` in a new run folder, at once; or go back to the run that trains.

        One that belongs to a run has been trained: how is shown, from `update` on if given.
        """
        if self.show_training():
            return
        from cnnsim.training.opening import run_folder_of
        from cnnsim.tui.screens.train import live_screen
        from cnnsim.tui.train.newrun import new_run

        folder = run_folder_of(scenario)
        if folder is not None:
            self._watch(folder, update)
            return

        try:
            self._training = live_screen(new_run(scenario))
        except CnnsimError as error:
            self.complain(error)
            return
        # An installed screen lives on when it is left.
        self.install_screen(self._training, _TRAINING)
        self.push_screen(_TRAINING)

    def _watch(self, folder: Path, update: int | None) -> None:
        """Show how the run in `folder` was trained: on the screen that does, or a new one."""
        from cnnsim.training.run import open_run
        from cnnsim.tui.screens.train import TrainScreen, watching_screen

        for screen in self.screen_stack:
            if isinstance(screen, TrainScreen) and screen.shows(folder):
                screen.stand_at(update)
                self._back_to(screen)
                return
        try:
            screen = watching_screen([open_run(folder)])
        except CnnsimError as error:
            self.complain(error)
            return
        screen.stand_at(update)
        self.push_screen(screen)

    @property
    def is_training(self) -> bool:
        """Whether there is a run that is trained here."""
        return self._training is not None

    def show_training(self) -> bool:
        """Go back to the run that is trained; False where there is none."""
        training = self._training
        if training is None:
            return False
        if training in self.screen_stack:
            self._back_to(training)
        else:
            self.push_screen(_TRAINING)
        return True

    def _back_to(self, screen: Screen[Any]) -> None:
        """Leave the screens above one, the second time where that would lose work."""
        above = self.screen_stack[self.screen_stack.index(screen) + 1 :]
        if asks_before(lambda: self._back_to(screen), above, "once more goes back"):
            return
        while self.screen is not screen:
            self.pop_screen()

    def forget_training(self) -> None:
        """Its run is over and it has been left."""
        training, self._training = self._training, None
        if training is not None:
            self.uninstall_screen(training)
            training.remove()
        self.tell_activity()

    def tell_activity(self, *forms: str) -> None:
        """What is being trained, for the headers, which show the longest form that fits."""
        if self.activity != forms:
            self.activity = forms
            for header in self.screen.query(Header):
                header.repaint()

    def complain(self, error: CnnsimError) -> None:
        """Show an error without losing anything."""
        self.notify(str(error), title="error", severity="error", timeout=12, markup=False)

    def push_screen(self, screen: Any, *arguments: Any, **options: Any) -> Any:
        """As Textual does it; what was said on the screen below stays there."""
        if not isinstance(screen, ModalScreen):
            self.clear_notifications()
        return super().push_screen(screen, *arguments, **options)

    def pop_screen(self) -> AwaitComplete:
        """As Textual does it; what was said goes with its screen. Dialogs are part of theirs."""
        if not isinstance(self.screen, ModalScreen):
            self.clear_notifications()
        return super().pop_screen()

    def next_theme(self) -> None:
        """Dark, light, ANSI in turn. Under NO_COLOR there is just one."""
        if self.palette is MONO:
            self.notify("NO_COLOR is set: there is one theme", timeout=3)
            return
        self.palette = CYCLE[(CYCLE.index(self.palette) + 1) % len(CYCLE)]
        self.ansi_color = self.palette is ANSI
        self.theme = theme_for(self.palette)
        from cnnsim.tui.widgets.panel import Panel

        for screen in self.screen_stack:
            for panel in screen.query(Panel):
                panel.forget()

    def _catch_signals(self) -> None:
        """Leave the alternate screen when asked to end; on Windows there is no such signal."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                try:
                    loop.add_signal_handler(number, self._end, 128 + int(number))
                except (RuntimeError, ValueError):
                    return

    def _end(self, code: int) -> None:
        self.marks.save()
        # A terminal that is gone can hold up Textual's last words for ever.
        watchdog = threading.Timer(_LAST_WORDS, os._exit, (code,))
        watchdog.daemon = True
        watchdog.start()
        self.exit(code, return_code=code)

    def action_command_palette(self) -> None:
        """Everything by name; not from within a dialog, which would wait below."""
        from cnnsim.tui.screens.base import BaseScreen
        from cnnsim.tui.screens.everything import EverythingScreen

        if isinstance(self.screen, BaseScreen):
            self.push_screen(EverythingScreen())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, then the one for terminals without Unicode."""
        filters = super().get_line_filters()
        return [*filters, self._plain] if self.ascii else filters

    def _handle_exception(self, error: Exception) -> None:
        """Leave the screen; `run_app` says what was wrong once the terminal is itself again."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if self.failure is None:
            self.failure = error.error if isinstance(error, WorkerFailed) else error
        self._close_messages_no_wait()

    def on_cursor_position(self, event: CursorPosition) -> None:
        """Shift+F3 of xterm: it reads like an answer to where the cursor is, which nobody asks."""
        if (event.x, event.y) == (1, 0):
            self.simulate_key("shift+f3")

    async def action_quit(self) -> None:
        """Remember where one was, and go."""
        self._quit()

    def _quit(self) -> None:
        """Go, when all that would be lost has been asked about."""
        if asks_before(self._quit, self.screen_stack, "once more quits"):
            return
        self.marks.save()
        self.exit(0)


def no_colour() -> bool:
    """Whether the user asked for no colours at all."""
    return bool(os.environ.get("NO_COLOR"))


def run_app(
    source: str | None,
    at: str | None,
    theme: str | None,
    glyphs: str | None,
    settings: tuple[str, ...],
    runs: Sequence[Run],
) -> int:
    """Run the app; the exit code. Raises CnnsimError before the screen is touched."""
    from dataclasses import replace

    config = read_config()
    changes: dict[str, Any] = {}
    if theme:
        changes["theme"] = theme
    if glyphs:
        changes["glyphs"] = glyphs
    scenario = None
    step = 0
    if source is not None:
        from cnnsim.steps.address import parse_address
        from cnnsim.training.opening import open_scenario

        scenario = open_scenario(source, settings, at)
        if at is not None:
            step = parse_address(scenario.trace, at)
    app = CnnsimApp(scenario, step, replace(config, **changes), None, runs)
    run_to_its_end(app)
    app.marks.save()
    if app.failure is not None:
        raise unexpected(app.failure)
    return leave(app.return_code or 0)
