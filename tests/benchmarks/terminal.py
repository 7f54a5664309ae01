"""The app in a real pseudo-terminal: what it writes, and when."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from time import perf_counter

import pexpect  # type: ignore[import-untyped]

from tests.benchmarks.sandbox import Sandbox, command

Size = tuple[int, int]

#: Columns and rows.
USUAL, LARGE = (120, 36), (200, 60)
#: A picture is complete once nothing follows for this long, or after the longer time: an app that
#: computes goes on to say how far it is.
_QUIET, _LONGEST = 0.006, 0.05

#: Colours, which stand inside of texts; other escape sequences separate them.
_COLOUR = re.compile(r"\x1b\[[\d;:]*m")
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\].*?(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[ -~])", re.S
)


class Terminal:
    """``cnnsim`` with some arguments, running. A context; it is quit at the end."""

    def __init__(self, sandbox: Sandbox, *words: str, size: Size = USUAL) -> None:
        program, *arguments = command(*words)
        self.started = perf_counter()
        self._child = pexpect.spawn(
            program,
            arguments,
            env=sandbox.environment(),
            dimensions=(size[1], size[0]),
            timeout=None,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        """Quit as people do; where that does not help, with force."""
        try:
            self.send("q")
            deadline = perf_counter() + 5
            while self._child.isalive() and perf_counter() < deadline:
                self._read(0.05)
        except OSError:
            pass
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        """The process."""
        return int(self._child.pid)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._child.child_fd, keys.encode())

    def wait_for(self, pattern: str, timeout: float = 120) -> float:
        """The moment at which a picture with `pattern` in it was complete.

        Only what comes from now on counts. Raises TimeoutError with the last that was seen.
        """
        wanted = re.compile(pattern)
        deadline = perf_counter() + timeout
        seen = b""
        first = last = 0.0
        while True:
            patience = _QUIET if last else deadline - perf_counter()
            data = self._read(max(patience, 0))
            now = perf_counter()
            if data:
                seen += data
                if last or wanted.search(plain(seen)):
                    first, last = first or now, now
            if last and (not data or now - first > _LONGEST):
                return last
            if not data and (now >= deadline or not self._child.isalive()):
                raise TimeoutError(f"'{pattern}' did not appear; last: {plain(seen)[-600:]}")

    def press(self, key: str, pattern: str) -> float:
        """Seconds from a key to the complete picture that has `pattern` in it."""
        self.drain()
        pressed = perf_counter()
        self.send(key)
        return self.wait_for(pattern, 20) - pressed

    def drain(self, quiet: float = 0.0) -> None:
        """Read whatever is there, until nothing comes for `quiet` seconds."""
        while self._read(quiet):
            pass

    def cpu_seconds(self) -> float | None:
        """Processor time of the process so far; None where the system does not tell."""
        try:
            # The clock of another process, as clock_getcpuclockid(3) numbers it on Linux.
            return time.clock_gettime((~self.pid << 3) | 2)
        except (AttributeError, OSError, OverflowError):
            return None

    def resident_megabytes(self) -> float:
        """Memory of the process that is in use now, in 10^6 bytes."""
        words = ["ps", "-o", "rss=", "-p", str(self.pid)]
        found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return int(found) * 1024 / 1e6

    def _read(self, patience: float) -> bytes:
        ready, _, _ = select.select([self._child.child_fd], [], [], patience)
        if not ready:
            return b""
        try:
            return os.read(self._child.child_fd, 1 << 16)
        except OSError:
            # Linux says so when the other side has gone.
            return b""


def plain(data: bytes) -> str:
    """The words in what a program wrote to its terminal, pieces of the screen on lines."""
    text = _COLOUR.sub("", data.decode("utf-8", "replace"))
    return _ESCAPE.sub("\n", text)
