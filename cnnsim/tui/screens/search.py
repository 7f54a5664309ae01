"""A search that takes longer than a blink: how far it is, and esc to stop it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from textual.worker import get_current_worker

from cnnsim.errors import CnnsimError
from cnnsim.stepper.queries import Searched
from cnnsim.tui.screens.base import call_from_thread
from cnnsim.tui.screens.dialog import Dialog


class SearchStoppedError(CnnsimError):
    """Whoever waited for the search stopped it."""


#: What looks for a step, telling how far it is.
Search = Callable[[Callable[[Searched], None]], int | None]
#: What came of it: the step, None where there is none; or why it ended early.
Outcome = int | None | CnnsimError


class SearchScreen(Dialog[Outcome]):
    """Runs a search in a thread; nothing else can be done meanwhile."""

    def __init__(self, title: str, search: Search) -> None:
        super().__init__()
        self._title, self._search = title, search

    def compose(self) -> ComposeResult:
        """What is looked for, and where the search is."""
        with Vertical(classes="dialog"):
            yield Static(f"looking for {self._title}", markup=False)
            yield Static("", id="meaning", markup=False)
            yield Static("esc stops", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        worker = get_current_worker()

        def report(searched: Searched) -> None:
            if worker.is_cancelled:
                raise CnnsimError("stopped")
            call_from_thread(self, self._hear, searched)

        outcome: Outcome
        try:
            outcome = self._search(report)
        except CnnsimError as error:
            outcome = error
        if not worker.is_cancelled:
            call_from_thread(self, self._end, outcome)

    def _end(self, outcome: Outcome) -> None:
        # Not handed to Textual, which would wait for the screen from within the screen.
        self.dismiss(outcome)

    def _hear(self, searched: Searched) -> None:
        if self.app.screen is not self:
            return
        where = f"iteration {searched.iteration}: " if searched.iteration else ""
        share = f" {searched.share:.0%}" if searched.share else ""
        self.query_one("#meaning", Static).update(
            f"{where}{searched.stage} {searched.sweep}{share}"
        )

    def action_give_up(self) -> None:
        """Leave it."""
        self.workers.cancel_node(self)
        self.dismiss(SearchStoppedError("the search was stopped"))
