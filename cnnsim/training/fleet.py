"""Many runs at once, each in a process of its own. What comes out does not depend on how many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

from cnnsim.errors import CnnsimError
from cnnsim.kernels.choose import Device
from cnnsim.training.loop import Tell
from cnnsim.training.run import open_run
from cnnsim.training.session import error_event, left_out

#: Seconds between two looks whether to stop.
_TICK = 0.1


class Fleet:
    """Processes that train the runs in `folders`, `width` of them at a time.

    Args:
        look: whether they tell how each network looks, when it begins and when it ends.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        width: int,
        threads: int,
        device: Device,
        look: bool = False,
    ) -> None:
        self._waiting = list(folders)
        self._width = min(width, len(folders))
        self._job = {"threads": threads, "device": device, "look": look}
        self._events: SimpleQueue[tuple[_Worker, dict[str, Any] | None]] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._stopping = False

    def go(self, report: Tell, stop: Callable[[], bool]) -> None:
        """Train everything; every event has the ``run`` that it belongs to.

        Once `stop` says yes, every process finishes the updates at hand and saves, and of runs that
        have none so far is told where they stand. Raises CnnsimError where no process can be
        started.
        """
        try:
            for _ in range(self._width):
                self._start()
            while self._workers:
                if stop() and not self._stopping:
                    self._stop(report)
                try:
                    worker, event = self._events.get(timeout=_TICK)
                except Empty:
                    continue
                self._hear(worker, event, report)
        finally:
            for worker in self._workers:
                worker.kill()

    def tell(self, message: dict[str, Any]) -> None:
        """Tell every process at work something, from any thread: see the worker's messages."""
        for worker in list(self._workers):
            worker.send(message)

    def _stop(self, report: Tell) -> None:
        self._stopping = True
        for worker in self._workers:
            worker.send({"stop": True})
        while self._waiting:
            folder = self._waiting.pop(0)
            try:
                event = left_out(open_run(folder))
            except CnnsimError as error:
                event = error_event(error)
            report({"run": str(folder), **event})

    def _start(self) -> None:
        worker = _Worker(self._events)
        self._workers.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """The next run for a process, or its end."""
        if self._waiting:
            worker.run = self._waiting.pop(0)
            worker.send({**self._job, "run": str(worker.run)})
        else:
            worker.run = None
            worker.close()

    def _hear(self, worker: _Worker, event: dict[str, Any] | None, report: Tell) -> None:
        if event is None:
            self._workers.remove(worker)
            if worker.run is not None:
                report(worker.epitaph())
            if self._waiting and not self._stopping:
                self._start()
            return
        report({"run": str(worker.run), **event})
        if event["kind"] == "error" and self._job["device"] == "cuda":
            # A GPU that has failed goes on failing for this process; the next one finds it well.
            worker.run = None
            worker.close()
        elif event["kind"] in ("result", "stopped", "diverged", "error"):
            self._give(worker)


class _Worker:
    """One process, and a thread that listens to it."""

    def __init__(self, events: SimpleQueue[tuple[_Worker, dict[str, Any] | None]]) -> None:
        self.run: Path | None = None
        self._sending = threading.Lock()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cnnsim.training.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                # The interrupt key is for the process that started it.
                process_group=0 if os.name == "posix" else None,
            )
        except OSError as error:
            raise CnnsimError(f"no process can be started: {error.strerror or error}") from None
        self._said: list[str] = []
        threading.Thread(target=self._listen, args=(events,), daemon=True).start()
        threading.Thread(target=self._overhear, daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Tell it something; one that is gone hears nothing, which its listener notices."""
        with suppress(OSError, ValueError), self._sending:
            stream = self._stdin()
            stream.write(json.dumps(message) + "\n")
            stream.flush()

    def close(self) -> None:
        """There is nothing more to do for it."""
        with suppress(OSError):
            self._stdin().close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def epitaph(self) -> dict[str, Any]:
        """The error of a process that ended before its run did."""
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"code {code}"
        last = self._said[-1].strip() if self._said else ""
        return {
            "kind": "error",
            "run": str(self.run),
            "message": f"the process that trained {self.run} ended with {how}"
            + (f": {last}" if last else ""),
            "hint": "--resume goes on from its last checkpoint",
            "code": 1,
        }

    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _listen(self, events: SimpleQueue[tuple[_Worker, dict[str, Any] | None]]) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                # A process that was killed may have been in the middle of a line.
                with suppress(ValueError):
                    events.put((self, json.loads(line)))
        finally:
            events.put((self, None))

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said = [*self._said[-20:], line]
