"""The shape walk."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.actions import bindings_of
from cnnsim.tui.screens.base import BaseScreen


class WalkScreen(BaseScreen):
    """Sizes, costs and receptive fields of every layer."""

    kind = "walk"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("walk")]

    def __init__(self, stepper: Stepper, layer: str | None = None) -> None:
        super().__init__()
        self.stepper = stepper

    def compose(self) -> ComposeResult:
        """Header, footer."""
        yield self.header
        yield self.footer
        yield self.too_small
