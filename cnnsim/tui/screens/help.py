"""Help: what the focused panel shows, and every key of the screen."""

from __future__ import annotations

from typing import ClassVar, cast

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from cnnsim.tui.actions import actions_of, key_name
from cnnsim.tui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """Closes with ?, escape or q."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,escape,q,f1,enter", "dismiss", "close", show=False),
    ]

    def __init__(self, kind: str, text: str) -> None:
        super().__init__()
        self._kind = kind
        self._text = text

    def compose(self) -> ComposeResult:
        """The panel's text, then the keys from the table of actions."""
        from cnnsim.tui.app import CnnsimApp

        keymap = cast(CnnsimApp, self.app).keys
        keys = Table.grid(padding=(0, 1))
        keys.add_column(min_width=16)
        keys.add_column()
        for action in actions_of(self._kind):
            names = keymap.get(action.id, action.keys).split(",")
            keys.add_row(Text(" ".join(map(key_name, names))), Text(action.tip))
        with Vertical(classes="dialog"):
            with VerticalScroll():
                if self._text:
                    yield Static(unwrapped(self._text) + "\n", markup=False)
                yield Static(keys)
            yield Static("\n? closes", classes="hint", markup=False)


def unwrapped(text: str) -> str:
    """Paragraphs on one line each, for the screen to wrap."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
