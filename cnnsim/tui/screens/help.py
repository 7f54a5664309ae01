"""Help: what the focused panel shows, and every key of the screen."""

from __future__ import annotations

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cnnsim.tui.actions import actions_of, key_name


class HelpScreen(ModalScreen[None]):
    """Closes with ?, escape or q."""

    DEFAULT_CLASSES = "dialog-screen"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,escape,q,f1,enter", "dismiss", "close", show=False)
    ]

    def __init__(self, kind: str, text: str) -> None:
        super().__init__()
        self._kind = kind
        self._text = text

    def compose(self) -> ComposeResult:
        """The panel's text, then the keys from the table of actions."""
        from cnnsim.tui.app import CnnsimApp

        keymap = cast(CnnsimApp, self.app).keys
        lines = []
        for action in actions_of(self._kind):
            keys = keymap.get(action.id, action.keys).split(",")
            lines.append(f"{' '.join(map(key_name, keys)):<16} {action.tip}")
        with VerticalScroll(classes="dialog"):
            if self._text:
                yield Static(self._text + "\n", markup=False)
            yield Static("\n".join(lines), markup=False)
            yield Static("\n? closes", classes="hint", markup=False)
