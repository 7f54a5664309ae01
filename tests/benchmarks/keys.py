"""From a key to its picture, in a real pseudo-terminal."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.start import FIRST_STEP
from tests.benchmarks.terminal import LARGE, USUAL, Size, Terminal

_RIGHT, _LEFT = "\x1b[C", "\x1b[D"
#: Keys pressed at each place.
_KEYS = 120
_MAC = 500_000_000


def keys(runs: int) -> Iterator[Figure]:
    """Single steps: of a small lesson, and in AlexNet's second convolution."""
    for size in (USUAL, LARGE):
        yield from _stepping("toy_2x2", "step", 0, 15, size)
        yield from _stepping("alexnet", "mac", _MAC, _MAC + 400, size)


def _stepping(name: str, noun: str, first: int, last: int, size: Size) -> Iterator[Figure]:
    rng = random.Random(first)
    times, spent = [], 0.0
    with Sandbox() as sandbox:
        place = ("--at", f"{noun} {first}")
        with Terminal(sandbox, name, *place, size=size) as terminal:
            terminal.wait_for(f"{noun} {first:,} " if first else FIRST_STEP)
            terminal.drain(2.0)
            number, key = first, _RIGHT
            for _ in range(_KEYS):
                if number == last:
                    key = _LEFT
                elif number == first:
                    key = _RIGHT
                number += 1 if key == _RIGHT else -1
                before = terminal.cpu_seconds()
                times.append(1000 * terminal.press(key, rf"{noun} {number:,} "))
                after = terminal.cpu_seconds()
                if before is not None and after is not None:
                    spent += after - before
                # Not in step with the app's own 60 pictures a second.
                time.sleep(rng.uniform(0.02, 0.06))
    where = f"{name} at {size[0]}x{size[1]}"
    for share, budget in ((0.95, 50), (0.5, None)):
        yield Figure("keys", f"key to paint, {where}", tuple(times), "ms", budget, share)
    if spent:
        each = (1000 * spent / _KEYS,)
        yield Figure("keys", "  CPU of the whole process for each key, mean", each, "ms")
