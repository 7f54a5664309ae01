"""A question with one line as its answer, checked while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from cnnsim.errors import CnnsimError
from cnnsim.tui.screens.dialog import Dialog


class AskScreen(Dialog[str | None]):
    """Gives back a text that `check` accepts, an empty one for an empty line, None where one left.

    `check` says what the text means, or raises CnnsimError with what is wrong. A key of `skips`
    on the empty line is as good as enter.
    """

    def __init__(
        self,
        title: str,
        hint: str,
        check: Callable[[str], str],
        placeholder: str = "",
        text: str = "",
        skips: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self._title, self._hint, self._check, self._text = title, hint, check, text
        self._placeholder, self._skips = placeholder, skips

    def compose(self) -> ComposeResult:
        """Title, line, what it means, hint."""
        with Vertical(classes="dialog"):
            yield Static(self._title, markup=False)
            if self._text:
                yield Static(self._text, classes="question", markup=False)
            yield Input(placeholder=self._placeholder, id="line")
            yield Static("", id="meaning", markup=False)
            yield Static(self._hint, classes="hint", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what the text means so far."""
        meaning = self.query_one("#meaning", Static)
        text = event.value.strip()
        if event.value in self._skips:
            self.dismiss("")
            return
        if not text:
            meaning.update("")
            return
        try:
            meaning.update(f"▸ {self._check(text)}")
        except CnnsimError as error:
            meaning.update(str(error))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept it if it is right, else say why not and stay."""
        text = event.value.strip() or self._placeholder
        if not text:
            self.dismiss("")
            return
        try:
            self._check(text)
        except CnnsimError as error:
            self.query_one("#meaning", Static).update(f"✗ {error}")
            return
        self.dismiss(text)
