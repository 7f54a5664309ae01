"""Textual's palette of commands, steadier: quick hands and late answers cannot break it."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.command import CommandInput, CommandList, CommandPalette
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widgets import LoadingIndicator, Static

from cnnsim.tui.screens.dialog import ClosesOnce


class _Found(CommandList):
    """The list of what was found; a bar marks the chosen entry, whatever the colours."""

    def render_line(self, y: int) -> Strip:
        """A line, with the bar where it belongs to the chosen entry."""
        strip = super().render_line(y)
        first = next(iter(strip), None)
        if first is None or first.style is None or self.highlighted is None:
            return strip
        if first.style.meta.get("option") != self.highlighted:
            return strip
        return Strip.join([Strip([Segment("▐", first.style)]), strip.crop(1)])

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        """A click on a line that has just gone does nothing."""
        line = event.style.meta.get("option")
        if line is not None and line >= self.option_count:
            event.prevent_default()


class EverythingScreen(CommandPalette, ClosesOnce[None]):
    """The palette. Once it is closed, answers that still come in are dropped."""

    def compose(self) -> ComposeResult:
        """The line to type in, and the list."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield Static("/", id="sign", markup=False)
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield _Found()
                yield LoadingIndicator()

    def _watch__list_visible(self) -> None:
        if self.query(CommandList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(CommandList):
            await super()._watch__show_busy()

    def _action_command_list(self, action: str) -> None:
        # A list without room has no lines to move on.
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        """A click where the terminal has just ended does nothing."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()
