"""Changing the numbers that a scenario starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnsim.errors import CnnsimError
from cnnsim.tui.screens.edit import Change, EditScreen

if TYPE_CHECKING:
    from cnnsim.tui.screens.stepping import SteppingScreen


class Editor:
    """Asks for a number, sets it, takes it back."""

    def __init__(self, screen: SteppingScreen) -> None:
        self._screen = screen

    def ask(self) -> None:
        """Ask for a new number for one of the values that this step reads."""
        screen, view = self._screen, self._screen.view
        if view is None:
            return
        if screen.stepper.scenario.course is not None:
            screen.complain(
                CnnsimError(
                    "the numbers of a run are those that trained it, and cannot be edited",
                    "its scenario can, or one that begins with its weights",
                )
            )
            return
        if view.position.iteration:
            screen.tell("edits change what iteration 0 starts with: go there first (g step 0)")
            return
        choices = [
            (read.tensor, read.index, read.value)
            for read in view.reading.reads
            if read.inside and read.index is not None and screen.stepper.can_edit(read.tensor)
        ]
        if not choices:
            names = ", ".join(dict.fromkeys(read.tensor for read in view.reading.reads))
            screen.complain(
                CnnsimError(
                    f"{names} cannot be edited: it is computed, or lies on the padding",
                    "edit the input or a parameter; go to a step that reads it",
                )
            )
            return

        def answer(change: Change | None) -> None:
            if change is not None:
                self._do(lambda: screen.edits.do(*change), screen.complain)

        screen.app.push_screen(EditScreen(choices), answer)

    def undo(self) -> None:
        """Take back the last edit."""
        self._do(self._screen.edits.undo, self._tell)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._do(self._screen.edits.redo, self._tell)

    def _tell(self, error: CnnsimError) -> None:
        """That there is nothing to take back is no failure."""
        self._screen.tell(error.message)

    def _do(self, change: Callable[[], object], refused: Callable[[CnnsimError], None]) -> None:
        try:
            change()
        except CnnsimError as error:
            refused(error)
            return
        self._screen.numbers_changed()
