"""How ``--help`` looks: plain text in two columns, on terminals and in pipes alike."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

#: The left column is never wider than this; a longer entry gets a line of its own.
_WIDEST = 26
#: Longer lines are tiring to read.
_LONGEST = 100


class TwoColumns:
    """A help formatter of cyclopts: usage, description and panels without boxes."""

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """The usage lines."""
        if usage:
            _print(console, _plain(usage))

    def render_description(
        self, console: Console, options: ConsoleOptions, description: Any
    ) -> None:
        """What the command does."""
        if text := _plain(description):
            _print(console, "\n" + textwrap.fill(text, _width(console)))

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """One panel: a title and its entries."""
        entries = [(_label(entry), _about(entry)) for entry in panel.entries]
        if not entries:
            return
        left = min(_WIDEST, max(len(label) for label, _ in entries)) + 2
        lines = [f"\n{_plain(panel.title)}:"]
        for label, about in entries:
            indent = " " * (2 + left)
            told = textwrap.wrap(about, max(_width(console) - len(indent), 20)) or [""]
            if len(label) + 2 > left:
                lines += [f"  {label}", *(indent + line for line in told)]
            else:
                lines += [f"  {label.ljust(left)}{told[0]}", *(indent + line for line in told[1:])]
        _print(console, "\n".join(line.rstrip() for line in lines))


def _label(entry: HelpEntry) -> str:
    label = ", ".join(entry.display_labels)
    needs_value = entry.metavar and not entry.choices and not entry.positional_label
    return f"{label} {entry.metavar}" if needs_value else label


def _about(entry: HelpEntry) -> str:
    about = _plain(entry.description)
    return f"{about} [{', '.join(entry.choices)}]" if entry.choices else about


def _plain(text: Any) -> str:
    """The words of whatever cyclopts made of them."""
    if text is None:
        return ""
    if isinstance(text, str):
        return text.strip()
    if hasattr(text, "primary_renderable"):
        text = text.primary_renderable
    return str(getattr(text, "plain", text)).strip()


def _width(console: Console) -> int:
    return min(console.width, _LONGEST)


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
