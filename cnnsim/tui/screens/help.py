"""Help: what the focused panel shows, and every key of the screen."""

from __future__ import annotations

from typing import ClassVar, cast

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from cnnsim.tui.actions import actions_of, every_key, shown_keys
from cnnsim.tui.drawing.glyphs import LEGEND
from cnnsim.tui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """Closes with the key that opened it, escape or q."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "dismiss", "close", show=False, id="help"),
        Binding("q,enter", "dismiss", "close", show=False),
    ]

    def __init__(self, kind: str, text: str) -> None:
        super().__init__()
        self._kind = kind
        self._text = text

    def compose(self) -> ComposeResult:
        """The panel's text, then the keys from the table of actions."""
        from cnnsim.tui.app import CnnsimApp

        app = cast(CnnsimApp, self.app)
        keymap = app.keys
        keys = Table.grid(padding=(0, 1))
        keys.add_column(min_width=16)
        keys.add_column()
        for action in actions_of(self._kind):
            keys.add_row(Text(every_key(action, keymap)), Text(action.tip))
        with Vertical(classes="dialog"):
            with VerticalScroll():
                if self._text:
                    yield Static(unwrapped(self._text) + "\n", markup=False)
                yield Static(keys)
                if app.ascii:
                    yield Static(f"\n{LEGEND}", markup=False)
            opened = next(action for action in actions_of(self._kind) if action.id == "help")
            close = shown_keys(opened, keymap)
            yield Static(f"\n{close} closes", classes="hint", markup=False)


def unwrapped(text: str) -> str:
    """Paragraphs on one line each, for the screen to wrap."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
