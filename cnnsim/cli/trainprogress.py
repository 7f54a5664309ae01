"""How training goes, on standard error: bars on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cnnsim.amounts import percent
from cnnsim.cli.output import loss_text
from cnnsim.cli.streams import has_colour

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Seconds between two lines of one run where there is no terminal.
_PAUSE = 2.0


class TrainProgress:
    """A context that shows the runs at work. `update` is told of their events."""

    def __init__(self, runs: int) -> None:
        self._runs = runs
        self._finished = 0
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._accuracy: dict[str, str] = {}
        self._last: dict[str, float] = {}

    def __enter__(self) -> TrainProgress:
        if has_colour(sys.stderr):
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=12),
                TextColumn("{task.fields[note]}", markup=False),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True, markup=False, highlight=False),
                transient=True,
                refresh_per_second=8,
            )
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, label: str, event: dict[str, Any], epochs: int) -> None:
        """Show how far a run is."""
        if event["kind"] == "epoch":
            self._accuracy[label] = f" test {percent(event['test_accuracy'])}"
        note = self._note(label, event, epochs)
        if self._bars is not None:
            if label not in self._tasks:
                self._tasks[label] = self._bars.add_task(label, total=None, note="")
            done = {}
            if event["kind"] == "progress":
                done = {"completed": event["iteration"], "total": event["iterations"]}
            if event["kind"] != "epoch":
                self._bars.update(self._tasks[label], note=note, **done)
            return
        now = time.monotonic()
        if now - self._last.setdefault(label, now) >= _PAUSE:
            self._last[label] = now
            self._print(f"{label}: {note}")

    def finish(self, label: str) -> None:
        """A run has ended."""
        self._finished += 1
        if self._bars is not None and label in self._tasks:
            self._bars.remove_task(self._tasks.pop(label))
        if self._bars is None and self._runs > 1:
            self._print(f"{label}: ended, {self._finished} of {self._runs}")

    def say(self, how: Callable[[Any], Any], what: Any) -> None:
        """Say something between the bars."""
        if self._bars is not None:
            self._bars.stop()
        how(what)
        if self._bars is not None:
            self._bars.start()

    def _note(self, label: str, event: dict[str, Any], epochs: int) -> str:
        if event["kind"] == "compiling":
            return f"compiling {event['what']}, first run only"
        if event["kind"] == "epoch":
            loss, speed = event["train_loss"], event["images_per_second"]
        else:
            loss, speed = event["loss"], event["images_per_second"]
        # The first updates wait for kernels to be compiled or loaded: they have no speed.
        pace = f" {speed:,.0f}/s" if speed else ""
        accuracy = self._accuracy.get(label, "")
        return f"epoch {event['epoch']}/{epochs} loss {loss_text(loss)}{accuracy}{pace}"

    def _print(self, line: str) -> None:
        try:
            print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            self._last = {}
