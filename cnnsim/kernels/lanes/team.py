"""Threads that run the same compiled function side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cnnsim.kernels.engine import Integers

# Places in the numbers that threads share, each on a cache line of its own.
ARRIVED, ROUND, ABORTED = 0, 8, 16


def barrier() -> Integers:
    """The numbers that threads share, for `cnnsim.kernels.lanes.loops.barrier.meet`."""
    return np.zeros(24, np.int64)


class Team:
    """As many threads as are asked for, the caller's included; they stay for the next time."""

    def __init__(self) -> None:
        self._helpers: ThreadPoolExecutor | None = None
        self._size = 1

    def run(self, work: Callable[[int], None], threads: int, shared: Integers) -> None:
        """Run work(0) to work(threads − 1) at the same time; none waits for one that failed.

        They meet at the barrier `shared`. Raises what any of them raises.
        """
        if threads == 1:
            work(0)
            return
        if self._helpers is None or self._size < threads:
            # Each member of the team must have a thread: they wait for each other.
            self._helpers, self._size = ThreadPoolExecutor(threads - 1, "lanes"), threads

        def guarded(thread: int) -> None:
            try:
                work(thread)
            except BaseException:
                shared[ABORTED] = 1
                raise

        others = []
        try:
            for thread in range(1, threads):
                others.append(self._helpers.submit(guarded, thread))
            work(0)
        except BaseException:
            shared[ABORTED] = 1
            raise
        finally:
            # Not before all are done: the memory is theirs.
            failures = [other.exception() for other in others]
        for failure in failures:
            if failure is not None:
                raise failure
