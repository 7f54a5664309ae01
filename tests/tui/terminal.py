"""A real terminal for tests: a command in a pty, and the screen that its output makes.

Tests wait for what they expect to see, never for a time. Coordinates count from 0.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte
from pyte.screens import Char

#: Seconds to wait for what should come at once; slow machines get their time.
PATIENCE = float(os.environ.get("CNNSIM_TEST_PATIENCE", "40"))

ENTER_ALTERNATE, LEAVE_ALTERNATE = b"\x1b[?1049h", b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"

#: What the keys send. Escape is sent as the keyboard protocol that the app asks for has it, so that
#: a key right after it is not taken for alt and that key.
KEYS = {
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "shift+right": "\x1b[1;2C", "shift+left": "\x1b[1;2D",
    "home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "insert": "\x1b[2~", "delete": "\x1b[3~", "backspace": "\x7f",
    "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "escape": "\x1b[27u",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~",
    "shift+f3": "\x1b[13;2~", "shift+f3 of xterm": "\x1b[1;2R",
    **{f"ctrl+{chr(96 + number)}": chr(number) for number in range(1, 27)},
}  # fmt: skip

#: Sequences that pyte would print: keyboard protocols, window titles of the tmux kind.
_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[A-Za-z]|\x1bP[^\x1b]*\x1b\\")
#: A sequence that is not complete yet.
_PARTIAL = re.compile(rb"\x1b(?:\[[0-9;:?<>=$]*|P[^\x1b]*\x1b?|\][^\x07\x1b]*)?$")
_OSC_52 = re.compile(rb"\x1b\]52;[a-z]*;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
_PLAIN_SGR = re.compile(rb"\x1b\[([0-9;]*)m")


@cache
def _attributes(sequence: bytes) -> tuple[int, ...]:
    """The numbers of an SGR sequence, as pyte reads them."""
    return tuple(min(int(number or 0), 9999) for number in sequence.split(b";"))


class Terminal:
    """A command in a terminal of `width` x `height`, with a home of its own under `home`."""

    def __init__(
        self,
        args: Sequence[str],
        home: Path,
        width: int = 120,
        height: int = 36,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        command: Sequence[str] = (sys.executable, "-m", "cnnsim"),
    ) -> None:
        self.home = home
        self.output = b""
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self._pending = b""
        self._lines: list[str] | None = None
        self._ended = False
        self._child = pexpect.spawn(
            command[0],
            [*command[1:], *args],
            dimensions=(height, width),
            env={**environment(home), **(env or {})},
            cwd=str(cwd) if cwd else None,
            encoding=None,
            timeout=PATIENCE,
        )
        self._child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self.close()

    # -- what is seen -----------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.screen.columns)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.screen.lines)

    def lines(self) -> list[str]:
        """The screen, row by row."""
        if self._lines is None:
            self._lines = list(self.screen.display)
        return self._lines

    def text(self) -> str:
        """The screen."""
        return "\n".join(line.rstrip() for line in self.lines())

    def cell(self, x: int, y: int) -> Char:
        """A character with its colours (``fg``, ``bg``: names or rrggbb), ``bold``, ``reverse``."""
        found: Char = self.screen.buffer[y][x]
        return found

    def find(self, text: str, after: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Column and row where `text` stands first, from the place `after` on, row by row."""
        for y, line in enumerate(self.lines()):
            start = after[0] if y == after[1] else 0
            if y >= after[1] and (x := line.find(text, start)) >= 0:
                return x, y
        raise AssertionError(f"no {text!r} on the screen:\n{self.text()}")

    def colours(self) -> set[tuple[str, str]]:
        """Every pair of text and ground colour on the screen."""
        rows = self.screen.buffer
        return {
            (rows[y][x].fg, rows[y][x].bg) for y in range(self.height) for x in range(self.width)
        }

    @property
    def copied(self) -> list[str]:
        """What the program put on the clipboard, in order (OSC 52)."""
        return [base64.b64decode(found).decode() for found in _OSC_52.findall(self.output)]

    @property
    def styles(self) -> set[str]:
        """Every parameter of the SGR sequences in the output."""
        return {part for found in _SGR.findall(self.output) for part in found.decode().split(";")}

    @property
    def last_words(self) -> str:
        """What was printed after the alternate screen was left, without sequences."""
        tail = self.output.rpartition(LEAVE_ALTERNATE)[2]
        return re.sub(rb"\x1b\[[?<>=]?[0-9;]*[A-Za-z]", b"", tail).decode().replace("\r\n", "\n")

    # -- waiting ----------------------------------------------------------------------------------

    def wait_until(self, seen: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
        """Read the output until `seen` holds. Fails with the screen after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not seen():
            if not self._pump(0.05) and self._ended:
                if seen():
                    return
                raise AssertionError(f"ended before {what}:\n{self.text()}\n{self.last_words}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} after {timeout:g} s:\n{self.text()}")

    def wait_for(self, *texts: str, timeout: float = PATIENCE) -> None:
        """Wait until all `texts` are on the screen."""
        self.wait_until(
            lambda: all(text in self.text() for text in texts), " and ".join(texts), timeout
        )

    def wait_gone(self, *texts: str, timeout: float = PATIENCE) -> None:
        """Wait until none of `texts` is on the screen."""
        self.wait_until(
            lambda: not any(text in self.text() for text in texts),
            f"screen without {' and '.join(texts)}",
            timeout,
        )

    def settle(self, quiet: float = 0.15, timeout: float = PATIENCE) -> None:
        """Wait until nothing has been drawn for `quiet` seconds."""
        deadline = time.monotonic() + timeout
        last = time.monotonic()
        while time.monotonic() - last < quiet and time.monotonic() < deadline and not self._ended:
            if self._pump(0.02):
                last = time.monotonic()

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; the exit code, or −n after signal n."""
        deadline = time.monotonic() + timeout
        while not self._ended:
            self._pump(0.05)
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {timeout:g} s:\n{self.text()}")
        self._child.wait()
        code = self._child.exitstatus
        return int(code) if code is not None else -int(self._child.signalstatus)

    @property
    def is_alive(self) -> bool:
        """Whether the command runs."""
        self._pump(0)
        return not self._ended and bool(self._child.isalive())

    def _pump(self, timeout: float) -> bool:
        """Read what there is; whether there was anything."""
        found = b""
        try:
            found = self._child.read_nonblocking(1 << 16, timeout)
            while len(found) < 1 << 20:
                found += self._child.read_nonblocking(1 << 16, 0)
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            self._ended = True
        self.output += found
        data = _UNKNOWN.sub(b"", self._pending + found)
        partial = _PARTIAL.search(data)
        end = partial.start() if partial else len(data)
        self._pending = data[end:]
        self._feed(data[:end])
        return bool(found)

    def _feed(self, data: bytes) -> None:
        """Draw whole sequences. Most set colours: pyte goes through those letter by letter."""
        if data:
            self._lines = None
        # Text and what sets its colours, by turns.
        for number, piece in enumerate(_PLAIN_SGR.split(data)):
            if number % 2:
                self.screen.select_graphic_rendition(*_attributes(piece))
            elif piece:
                self._stream.feed(piece)

    # -- acting -----------------------------------------------------------------------------------

    def send(self, *keys: str) -> None:
        """Press keys by name (see `KEYS`) or character."""
        for key in keys:
            self._child.send(KEYS.get(key, key).encode())
        self._pump(0)

    def type(self, text: str) -> None:
        """Type characters."""
        self._child.send(text.encode())

    def mouse(self, button: int, x: int, y: int, release: bool = False) -> None:
        """One event of the mouse at a cell, in the SGR encoding."""
        self._child.send(f"\x1b[<{button};{x + 1};{y + 1}{'m' if release else 'M'}".encode())

    def click(self, x: int, y: int) -> None:
        """Press and release the left button."""
        self.move(x, y)
        self.mouse(0, x, y)
        self.mouse(0, x, y, release=True)

    def move(self, x: int, y: int) -> None:
        """Point at a cell."""
        self.mouse(35, x, y)

    def drag(self, places: Iterable[tuple[int, int]]) -> None:
        """Press at the first place, move over the others, release at the last."""
        first, *others = places
        self.move(*first)
        self.mouse(0, *first)
        last = first
        for last in others:
            self.mouse(32, *last)
        self.mouse(0, *last, release=True)

    def wheel(self, x: int, y: int, down: bool = True) -> None:
        """Turn the wheel by one notch."""
        self.mouse(65 if down else 64, x, y)

    def resize(self, width: int, height: int) -> None:
        """Change the size, as dragging the window's corner does."""
        self._pump(0)
        self.screen.resize(height, width)
        self._lines = None
        self._child.setwinsize(height, width)

    def tell(self, number: int) -> None:
        """Send a signal."""
        self._child.kill(number)

    @property
    def echoes(self) -> bool:
        """Whether the terminal echoes what is typed, as it does for a shell."""
        return bool(self._child.getecho())

    def close(self) -> None:
        """End the command, whatever state it is in."""
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
            self._child.wait()
        self._child.close()


def environment(home: Path) -> dict[str, str]:
    """A plain terminal's environment with all folders under `home`.

    Compiled code is shared where ``CNNSIM_TEST_CACHE`` names a folder for it.
    """
    inherited = {
        name: os.environ[name]
        for name in ("PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "COVERAGE_PROCESS_START")
        if name in os.environ
    }
    return {
        **inherited,
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": os.environ.get("CNNSIM_TEST_CACHE", str(home / "cache")),
    }
