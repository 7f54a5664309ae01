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

    def see(self, step: int) -> None:
        """A step is shown because somebody went there."""
        if self.recording is not None:
            self.recording.see(step, self._screen.note_at(step))

    def toggle(self) -> None:
        """Begin with this step, or ask where to save."""
        if self.recording is not None:
            self.ask_where()
        elif self._begin():
            self.see(self._screen.step)
            self._screen.tell("recording: every step you go to is a stop; a adds a note, R ends it")
            self._screen.show_again()

    def _begin(self) -> bool:
        """Begin a recording, or say why there can be none."""
        if self._screen.stepper.scenario.course is not None:
            self._screen.complain(
                UsageError(
                    "the steps of a run cannot be recorded",
                    "a recording replays its scenario, whose weights are not the trained ones",
                )
            )
            return False
        self.recording = Recording()
        return True

    def ask_note(self) -> None:
        """Ask for a note on this step; begins a recording where there is none."""
        if self.recording is None and not self._begin():
            return
        recording, step = self.recording, self._screen.step
        assert recording is not None, "begun"
        self.see(step)

        def answer(text: str | None) -> None:
            if text:
                recording.note(step, text)
            self._screen.show_again()

        self._screen.app.push_screen(
            AskScreen(
                "a note on this step",
                "Markdown: **bold**, `code`   esc leaves it without one",
                check=lambda text: f"stop {len(recording)} of the recording",
                placeholder=recording.note_at(step),
            ),
            answer,
        )

    def ask_where(self, leaving: Callable[[], object] = lambda: None) -> bool:
        """Ask where to save what is recorded, and call `leaving` then; False where nothing is."""
        screen, recording = self._screen, self.recording
        if recording is None:
            return False

        def check(text: str) -> str:
            if text == "discard":
                return f"{counted(len(recording), 'stop')} thrown away"
            path = _path(text)
            if os.path.lexists(path):
                raise UsageError(f"{printable(str(path))} is there already")
            return f"{counted(len(recording), 'stop')} as {printable(str(path))}"

        def answer(text: str | None) -> None:
            if text is None:
                return
            if text != "discard":
                try:
                    path = _path(text)
                    save_recording(screen.stepper, screen.edits, recording, path)
                except CnnsimError as error:
                    screen.complain(error)
                    return
                screen.notify(
                    f"saved: cnnsim replay {printable(str(path))}", timeout=8, markup=False
                )
            self.recording = None
            screen.show_again()
            leaving()

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
