"""What dialogs share: how they look, that they close once, and that escape leaves them."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from cnnsim.tui.actions import QUIT

Answer = TypeVar("Answer")


class ClosesOnce(Screen[Answer]):
    """A screen over another one. ``dismiss`` gives its answer back."""

    BINDINGS: ClassVar[list[BindingType]] = [QUIT]

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close, unless that has been done: quick hands press escape twice.

        Textual would then close the screen below, and hand out a second answer.
        """
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)


class Dialog(ModalScreen[Answer], ClosesOnce[Answer]):
    """A box with a question, or with something to read."""

    DEFAULT_CLASSES = "dialog-screen"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", show=False)]

    def action_give_up(self) -> None:
        """Leave without an answer."""
        self.dismiss()
