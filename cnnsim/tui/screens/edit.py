"""Changing one number of the input or a parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cnnsim.steps.address import bracketed
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.screens.dialog import Dialog

Choice = tuple[str, tuple[int, ...], float | None]
Change = tuple[str, tuple[int, ...], float]


class EditScreen(Dialog[Change | None]):
    """Offers the values that the step reads; tab goes from one to the other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices = list(choices)

    def compose(self) -> ComposeResult:
        """A line for each value."""
        with Vertical(classes="dialog"):
            yield Static(
                "change a number; everything that follows from it changes too\n", markup=False
            )
            for place, (tensor, index, value) in enumerate(self._choices):
                yield Static(f"{tensor}{bracketed(index)}  is {number(value)}", markup=False)
                yield Input(placeholder="new value", id=f"value{place}")
            yield Static("", id="meaning", markup=False)
            yield Static(
                "enter sets it   tab the other value   esc leaves it as it is",
                classes="hint",
                markup=False,
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the number, or say why not and stay."""
        text = event.value.strip().replace("−", "-").replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
            text = ""
        if not text or not math.isfinite(value):
            self.query_one("#meaning", Static).update("✗ type a number, such as 2, −0.5 or 1e-3")
            return
        tensor, index, _ = self._choices[int((event.input.id or "value0").removeprefix("value"))]
        self.dismiss((tensor, index, value))
