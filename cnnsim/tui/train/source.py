"""Where a run's news come from: a process that trains it for the screen, or its folder alone."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

from cnnsim.errors import CnnsimError, clear_errors
from cnnsim.kernels.processors import processors
from cnnsim.scenario.files import Stamp, stamp
from cnnsim.training.fleet import Fleet
from cnnsim.training.load import load
from cnnsim.training.loop import batches_of
from cnnsim.training.run import Run, open_run
from cnnsim.training.runfolder import LAST, METRICS, RATES
from cnnsim.training.session import error_event
from cnnsim.training.snapshot import snapshot_of
from cnnsim.tui.train.rates import rate_at
from cnnsim.tui.train.view import Event

#: Seconds between two looks at a folder; after a slow look it rests longer.
_PAUSE, _RESTS = 0.5, 4


class Source(Protocol):
    """News of one run. All of it may be called from the screen: nothing waits."""

    def start(self) -> None:
        """Begin."""

    def news(self) -> list[Event]:
        """What happened since the last time."""

    def tell(self, message: Event) -> None:
        """Something for the process that trains; see its messages."""

    def close(self) -> None:
        """Save and end, or look no longer."""


class _Queue:
    """Events put in by a thread and taken out by the screen."""

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()

    def news(self) -> list[Event]:
        """What happened since the last time."""
        found = []
        while True:
            try:
                found.append(self._events.get_nowait())
            except Empty:
                return found

    def put(self, event: Event) -> None:
        """Something happened."""
        self._events.put(event)


class Trainer(_Queue):
    """Trains a run in another process.

    The thread that listens to it is a daemon: an app that ends does not wait for it, and the
    process saves its run once nobody is there any more.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._fleet = Fleet([run.folder], 1, processors(), "auto", look=True)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to train."""
        threading.Thread(target=self._go, daemon=True).start()

    def _go(self) -> None:
        try:
            with clear_errors("this run"):
                self._fleet.go(self.put, self._stop.is_set)
        except CnnsimError as error:
            self.put(error_event(error))

    def tell(self, message: Event) -> None:
        """Something for the process."""
        self._fleet.tell(message)

    def close(self) -> None:
        """Save and end."""
        self._stop.set()


class Watcher(_Queue):
    """Looks at a run's folder now and then; it changes nothing there."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._stop = threading.Event()
        self._seen: dict[str, Stamp] = {}

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._go, daemon=True).start()

    def tell(self, message: Event) -> None:
        """Nobody is there to be told."""

    def close(self) -> None:
        """Look no longer."""
        self._stop.set()

    def _go(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            began = monotonic()
            try:
                with clear_errors("this run"):
                    self._look()
            except CnnsimError as error:
                self.put({"kind": "note", "what": error.message})
            pause = max(_PAUSE, _RESTS * (monotonic() - began))

    def _look(self) -> None:
        if has_changed := self._run.has_changed():
            self._run = open_run(self._run.folder)
        run = self._run
        if self._changed(METRICS) or has_changed:
            epochs = run.optimizer.epochs
            self.put({"kind": "metrics", "rows": run.metrics(), "epochs": epochs})
        if self._changed(RATES):
            self.put({"kind": "rates", "changes": run.rate_changes()})
        if self._changed(LAST):
            _, point = run.read()
            split = load(run.scenario)
            each = batches_of(run, split).each
            total = run.optimizer.epochs * each
            last = max(point.iteration - 1, 0)
            self.put({
                "kind": "saved", "iteration": point.iteration, "iterations": total,
                "rate": rate_at(run.optimizer, last, each, run.rate_changes()),
            })  # fmt: skip
            self.put(snapshot_of(run.folder, split))

    def _changed(self, name: str) -> bool:
        """Whether a file is there that was written since the last look."""
        found = stamp(self._run.folder / name)
        if found is None or found == self._seen.get(name):
            return False
        self._seen[name] = found
        return True
