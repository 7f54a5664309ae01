"""Home."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cnnsim.tui.actions import bindings_of
from cnnsim.tui.screens.base import BaseScreen


class HomeScreen(BaseScreen):
    """Lessons."""

    kind = "home"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("home")]

    def compose(self) -> ComposeResult:
        """Header, footer."""
        yield self.header
        yield self.footer
        yield self.too_small
