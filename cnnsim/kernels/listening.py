"""Saying what is being compiled while somebody waits for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

from cnnsim import collector
from cnnsim.kernels.fill import Progress, Report


class _Listener(event.Listener):
    """Hears of our functions that the compiler begins; what comes from the cache it never does."""

    def __init__(self, report: Report) -> None:
        self._report = report
        #: Functions that were begun.
        self.count = 0

    def on_start(self, event: Any) -> None:
        """A function begins."""
        function = event.data["dispatcher"].py_func
        if (function.__module__ or "").startswith("numba."):
            # Such as what `min` is made of.
            return
        self.count += 1
        name = function.__name__.strip("_").replace("_", " ")
        self._report(Progress("compiling", f"kernel {self.count}, {name}", 0.0))

    def on_end(self, event: Any) -> None:
        """It is compiled, or failed to be."""


@contextmanager
def told(report: Report) -> Iterator[None]:
    """While this lasts, `report` hears of every function that is compiled."""
    # What compiles or loads kernels makes millions of objects that stay alive until it is done:
    # looking through them for rubbish is a tenth of its time. Kernels themselves make none.
    listener = _Listener(report)
    collects = gc.isenabled()
    gc.disable()
    try:
        with event.install_listener("numba:compile", listener):
            yield
    finally:
        if listener.count:
            collector.pass_over()
        if collects:
            gc.enable()
