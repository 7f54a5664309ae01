"""The interrupt key while something can still be saved: once is asking, twice is leaving."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn

#: Seconds after which a ctrl+c that was lost comes again.
_SOON = 0.01


def keep_interrupts() -> None:
    """From now on a ctrl+c that lands where no exception gets through comes again a moment later.

    Python prints and forgets what is raised in a ``__del__``, for a weak reference, or in a call
    from C.
    """
    before = sys.unraisablehook

    def look(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            threading.Timer(_SOON, _interrupt).start()
        else:
            before(lost)

    sys.unraisablehook = look


def _interrupt() -> None:
    """As the key does, also where the main thread waits for something."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """While this lasts ctrl+c ends the process with 130: for work that has nothing to save.

    The compiler calls back from C, where a KeyboardInterrupt is printed and forgotten.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    before = signal.signal(signal.SIGINT, lambda number, frame: _leave())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave() -> NoReturn:
    """End this process, whatever it is at."""
    with suppress(ValueError, AttributeError):
        if sys.stderr.isatty():
            _write("\x1b[?25h\n")  # a spinner hides the cursor
    os._exit(130)


def _write(text: str) -> None:
    """Onto the screen; the stream may be in the middle of a write, so this goes around it."""
    with suppress(OSError, ValueError, AttributeError):
        os.write(sys.stderr.fileno(), text.encode())


class Interrupt:
    """A context in which the first ctrl+c asks to stop and the second one leaves at once.

    Args:
        compiles: this process may be compiling when it is left, so no exception can end that; else
            a KeyboardInterrupt does, after which whoever began other processes ends them.

    Attributes:
        asked: ctrl+c was pressed.
        armed: there is something to save; before that, one ctrl+c leaves at once.
    """

    def __init__(self, compiles: bool) -> None:
        self._compiles = compiles
        self.asked = False
        self.armed = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.asked or not self.armed:
            _write("\nstopped; the same command with --resume goes on\n")
            if self._compiles:
                _leave()
            raise KeyboardInterrupt
        self.asked = True
        _write("\nfinishing the batch and saving; ctrl+c again leaves at once\n")
