"""From the pen to the picture: the drawing pad in a real pseudo-terminal."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.terminal import LARGE, USUAL, Size, Terminal

_RIGHT, _LEFT, _DOWN = "\x1b[C", "\x1b[D", "\x1b[B"
#: Rows and columns of the sheet; pixels that are drawn.
_SHEET, _TIMES = 32, 120
#: What the pad asks for a net takes, compiled code included.
_PATIENCE = 300


def pen(runs: int) -> Iterator[Figure]:
    """A pixel more on the sheet, at each of which the net looks; it is trained first."""
    with Sandbox() as sandbox:
        for size in (USUAL, LARGE):
            times = tuple(_drawing(sandbox, size))
            where = f"{size[0]}x{size[1]}"
            yield Figure("pen", f"pen to picture, {where}", times, "ms", 50, 0.95)
            yield Figure("pen", f"pen to picture, {where}", times, "ms")


def _drawing(sandbox: Sandbox, size: Size) -> Iterator[float]:
    """Milliseconds from a move of the pen to its picture, over the sheet in lines."""
    rng = random.Random(size[0])
    with Terminal(sandbox, size=size) as terminal:
        terminal.wait_for("lessons")
        terminal.drain(0.5)
        terminal.send("d")
        terminal.wait_for("drag here", _PATIENCE)
        terminal.drain(1.0)
        terminal.press(_RIGHT, r"pen 16,16 up")
        terminal.press(" ", r"pen 16,16 down")
        row, column, direction = 16, 16, 1
        for _ in range(_TIMES):
            key = _RIGHT if direction > 0 else _LEFT
            if not 0 < column + direction < _SHEET - 1:
                key, direction, row = _DOWN, -direction, row + 1
            else:
                column += direction
            yield 1000 * terminal.press(key, rf"pen {row},{column} down")
            # Not in step with the app's own 60 pictures a second.
            time.sleep(rng.uniform(0.02, 0.06))
