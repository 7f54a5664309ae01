"""The dialogs of the stepper, driven in a real terminal."""

from __future__ import annotations

from terminal import Terminal


def ask(terminal: Terminal, key: str, title: str, text: str) -> None:
    """Open a dialog, type into it, press enter."""
    terminal.send(key)
    terminal.wait_for(title)
    terminal.type(text)
    terminal.send("enter")
    terminal.wait_gone(title)


def go(terminal: Terminal, address: str) -> None:
    """Go to `address`."""
    ask(terminal, "g", "step 12   50%", address)
