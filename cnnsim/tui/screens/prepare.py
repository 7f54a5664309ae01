"""Training a net before there is anything to draw for: it takes seconds, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from textual.worker import get_current_worker

from cnnsim.amounts import percent
from cnnsim.errors import CnnsimError, UsageError
from cnnsim.kernels.processors import processors
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.fleet import Fleet
from cnnsim.training.lengthening import lengthen_runs
from cnnsim.training.making import create_run
from cnnsim.training.run import Run
from cnnsim.tui.pad.padnet import PadNet
from cnnsim.tui.screens.base import call_from_thread
from cnnsim.tui.screens.dialog import Dialog

#: The net to draw for where there is no other one.
_NET = "digits_cnn"

#: The net, or why there is none.
Prepared = PadNet | CnnsimError | None


def pad_folder() -> Path:
    """Where the net that the pad trains for itself is kept."""
    return user_data_path("cnnsim") / "pad" / _NET


class PrepareScreen(Dialog[Prepared]):
    """Opens the pad's own net; trains it where that has not been done, or was cut short.

    One that was trained from another scenario than today's, or cannot be read, is trained anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stopped = False

    def compose(self) -> ComposeResult:
        """What is done, and how far it is."""
        with Vertical(classes="dialog"):
            yield Static(f"a net to draw for: {_NET}", markup=False)
            yield Static("", id="meaning", markup=False)
            yield Static(
                "trained the first time only   esc leaves it for later",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        worker = get_current_worker()
        prepared: Prepared = None
        failed: list[CnnsimError] = []

        def report(event: dict[str, Any]) -> None:
            if event["kind"] in ("error", "diverged"):
                failed.append(CnnsimError(str(event.get("message", "the net diverged"))))
            elif "epoch" in event:
                call_from_thread(self, self._hear, event)

        def trained(anew: bool) -> Prepared:
            asked = Run(pad_folder(), read_scenario(_NET))
            run = create_run(asked.folder, asked.scenario, anew=anew)
            (run,) = lengthen_runs([run], [asked.optimizer.epochs])
            if len(run.metrics()) < run.optimizer.epochs:
                fleet = Fleet([run.folder], 1, processors(), "auto")
                fleet.go(report, lambda: self._stopped or worker.is_cancelled)
            if self._stopped:
                return None
            return failed[0] if failed else PadNet(run.folder)

        try:
            try:
                prepared = trained(anew=False)
            except UsageError:
                # One of an earlier version, or damaged. It is the pad's own: nobody else's is lost.
                prepared = trained(anew=True)
        except CnnsimError as error:
            prepared = error
        if not worker.is_cancelled:
            call_from_thread(self, self._end, prepared)

    def _hear(self, event: dict[str, Any]) -> None:
        if self.app.screen is not self:
            return
        accuracy = event.get("test_accuracy")
        right = f", {percent(accuracy)} of the test pictures right" if accuracy is not None else ""
        epochs = event.get("epochs")
        of = f" of {epochs}" if epochs else ""
        self.query_one("#meaning", Static).update(f"epoch {event['epoch']}{of}{right}")

    def _end(self, prepared: Prepared) -> None:
        self.dismiss(prepared)

    def action_give_up(self) -> None:
        """Leave it; what was trained so far is kept."""
        self._stopped = True
        self.dismiss(None)
