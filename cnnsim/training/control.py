"""What a person asks of a run while it trains: pause, one update, one epoch, another rate."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

Request = Literal["pause", "continue", "batch", "epoch"]

#: Seconds after which a run that waits looks again whether to stop.
_TICK = 0.1

#: Updates that may follow where nobody asked to pause.
_ENDLESS = 2**62


class Control:
    """Any thread may ask; the loop takes what was asked between a few updates.

    Args:
        stop: asked as well, whether the run should be saved and left.
    """

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self._stop = stop
        self._is_stopped = False
        self._requests: deque[Request] = deque()
        self._until: int | None = None
        self._rate: float | None = None
        self._look: int | None = None
        self._news = threading.Condition()

    # -- asking ----------------------------------------------------------------------------------

    def stop(self) -> None:
        """Save and leave."""
        with self._news:
            self._is_stopped = True
            self._news.notify_all()

    def ask(self, request: Request) -> None:
        """Pause, go on, or make one update or the rest of an epoch and pause then."""
        with self._news:
            self._requests.append(request)
            self._news.notify_all()

    def set_rate(self, rate: float) -> None:
        """Another learning rate, from the next update on."""
        with self._news:
            self._rate = rate
            self._news.notify_all()

    def look(self, shown: int = 0) -> None:
        """Tell how the network looks, soon, and what it makes of specimen `shown`."""
        with self._news:
            self._look = shown
            self._news.notify_all()

    # -- for the loop ----------------------------------------------------------------------------

    def is_stopping(self) -> bool:
        """Whether to save and leave."""
        return self._stop() or self._is_stopped

    def take_rate(self) -> float | None:
        """The learning rate that was asked for since the last time."""
        with self._news:
            rate, self._rate = self._rate, None
            return rate

    def take_look(self) -> int | None:
        """The specimen of which somebody wants to know what the network makes; None: nobody."""
        with self._news:
            wanted, self._look = self._look, None
            return wanted

    def room(self, iteration: int, each: int) -> int:
        """How many updates may follow after `iteration`, 0 to pause; an epoch has `each`."""
        with self._news:
            while self._requests:
                request = self._requests.popleft()
                base = iteration if self._until is None else max(self._until, iteration)
                if request == "pause":
                    self._until = iteration
                elif request == "continue":
                    self._until = None
                elif request == "batch":
                    self._until = base + 1
                else:
                    self._until = (base // each + 1) * each
            return _ENDLESS if self._until is None else max(self._until - iteration, 0)

    def wait(self) -> None:
        """Sleep until something is asked, or it is time to look whether to stop."""
        with self._news:
            looks = self._look is not None
            if not (self._requests or self._is_stopped or looks or self._rate):
                self._news.wait(_TICK)
