"""Recording what is looked at, as the tour of a scenario file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cnnsim.amounts import counted
from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.scenario.files import expanded
from cnnsim.stepper.recording import Recording, save_recording
from cnnsim.tui.screens.ask import AskScreen

if TYPE_CHECKING:
    from cnnsim.tui.screens.stepping import SteppingScreen


class Recorder:
    """While it records, every step that a person goes to is a stop."""

    def __init__(self, screen: SteppingScreen) -> None:
        self._screen = screen
        self.recording: Recording | None = None
        self._is_asking = False

    def see(self, step: int) -> None:
        """A step is shown because somebody went there."""
        if self.recording is not None:
            self.recording.see(step, self.note_at(step) or self._screen.note_at(step))

    def note_at(self, step: int) -> str:
        """What the recording says of `step`."""
        return self.recording.note_at(step) if self.recording is not None else ""

    def toggle(self) -> None:
        """Begin with this step, or ask where to save."""
        if self.recording is not None:
            self.ask_where()
        elif self._may_begin():
            self._begin()
            self._screen.show_again()

    def _may_begin(self) -> bool:
        """Whether there can be a recording; says why where there can be none."""
        if self._screen.stepper.scenario.course is None:
            return True
        self._screen.complain(
            UsageError(
                "the steps of a run cannot be recorded",
                "a recording replays its scenario, whose weights are not the trained ones",
            )
        )
        return False

    def _begin(self) -> Recording:
        self.recording = Recording()
        self.see(self._screen.step)
        self._screen.tell("recording each step: R ends, a adds a note")
        return self.recording

    def ask_note(self) -> None:
        """Ask for a note on this step, with which a recording begins where there is none."""
        if self.recording is None and not self._may_begin():
            return
        step = self._screen.step
        has_note = self.note_at(step) or self._screen.note_at(step)
        number = len(self.recording or ()) or 1

        def answer(text: str | None) -> None:
            if text:
                (self.recording or self._begin()).note(step, text)
            self._screen.show_again()

        self._screen.app.push_screen(
            AskScreen(
                "a note on this step" + (", in place of the one it has" if has_note else ""),
                "Markdown: **bold**, `code`   esc leaves it as it is",
                check=lambda text: f"stop {number} of the recording",
            ),
            answer,
        )

    def ask_where(self, leaving: Callable[[], object] = lambda: None) -> bool:
        """Ask where to save what is recorded, and call `leaving` then.

        False where nothing is, and where just that is being asked.
        """
        screen, recording = self._screen, self.recording
        if recording is None or self._is_asking:
            return False

        def check(text: str) -> str:
            if text == "discard":
                return f"{counted(len(recording), 'stop')} thrown away"
            path = _path(text)
            if os.path.lexists(path):
                raise UsageError(f"{printable(str(path))} is there already")
            return f"{counted(len(recording), 'stop')} as {printable(str(path))}"

        def answer(text: str | None) -> None:
            self._is_asking = False
            if text is None:
                return
            if text != "discard":
                try:
                    path = _path(text)
                    save_recording(screen.stepper, screen.edits, recording, path)
                except CnnsimError as error:
                    screen.complain(error)
                    return
                screen.leaving.keep()
                screen.notify(
                    f"saved: cnnsim replay {printable(str(path))}", timeout=8, markup=False
                )
            self.recording = None
            screen.show_again()
            leaving()

        self._is_asking = True
        screen.app.push_screen(
            AskScreen(
                "save the recording as a scenario",
                "a file name   discard throws it away   esc goes on recording",
                check,
                placeholder=str(_free(screen.stepper.scenario.name)),
            ),
            answer,
        )
        return True


def _path(text: str) -> Path:
    return Path(expanded(text if text.endswith(".toml") else f"{text}.toml"))


def _free(name: str) -> Path:
    """A name in the current folder that is not taken."""
    number = 1
    while (path := Path(f"{name}-recorded-{number}.toml")).exists():
        number += 1
    return path
