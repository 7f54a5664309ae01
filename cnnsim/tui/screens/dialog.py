"""What dialogs share: how they look, and that they close once."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.screen import ModalScreen

from cnnsim.tui.actions import QUIT

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A screen over another one. ``dismiss`` gives its answer back."""

    DEFAULT_CLASSES = "dialog-screen"
    BINDINGS: ClassVar[list[BindingType]] = [QUIT]

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close, unless that has been done: quick hands press escape twice.

        Textual would then close the screen below, and hand out a second answer.
        """
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
