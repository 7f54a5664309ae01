"""What takes longer than a blink is said on standard error, never on standard output."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cnnsim.cli.streams import has_colour

if TYPE_CHECKING:
    from rich.status import Status

    from cnnsim.kernels.fill import Progress

#: Seconds before anything is said.
PATIENCE = 0.5
#: Seconds between two lines where there is no terminal.
PAUSE = 1.0


class Narrator:
    """A context and a callback for `Values.compute`: a spinner on a terminal, else plain lines.

    Waiting is watched by a timer, for a computation reports only where it begins something.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._speaking = False
        self._status: Status | None = None
        self._last = ("", 0.0)
        self._timer = threading.Timer(PATIENCE, self._begin)
        self._timer.daemon = True

    def __enter__(self) -> Narrator:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._speaking = False
            if self._status is not None:
                self._status.stop()

    def __call__(self, progress: Progress) -> None:
        """Hear of progress."""
        share = f" {progress.share:.0%}" if progress.share else ""
        with self._lock:
            self._what = f"{progress.stage} {progress.sweep}"
            if self._speaking:
                self._say(share)

    def _begin(self) -> None:
        with self._lock:
            if not self._timer.finished.is_set():
                self._speaking = True
                self._say("")

    def _say(self, share: str) -> None:
        if has_colour(sys.stderr):
            text: Any = f"{self._what}{share}"
            if self._status is None:
                from rich.console import Console
                from rich.status import Status

                self._status = Status(text, console=Console(stderr=True, markup=False))
                self._status.start()
            else:
                self._status.update(text)
            return
        said, when = self._last
        now = time.monotonic()
        if sys.stderr is not None and said != self._what and now - when >= PAUSE:
            self._last = (self._what, now)
            try:
                print(f"{self._what}…", file=sys.stderr, flush=True)
            except OSError:
                self._speaking = False
