"""How long it takes until something is there: help, home, the lessons."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.terminal import Terminal

#: The header of a first step: multiply-adds are numbered where a scenario has other steps too.
FIRST_STEP = r"(step|mac) 0 "


def start(runs: int) -> Iterator[Figure]:
    """``--help`` and the home screen."""
    with Sandbox() as sandbox:
        sandbox.seconds("--help")
        times = tuple(1000 * sandbox.seconds("--help") for _ in range(max(runs, 7)))
        yield Figure("start", "cnnsim --help, whole process", times, "ms", 150)
        _painted(sandbox)
        times = tuple(1000 * _painted(sandbox) for _ in range(runs))
        yield Figure("start", "home painted", times, "ms", 400)


def _painted(sandbox: Sandbox) -> float:
    with Terminal(sandbox) as terminal:
        return terminal.wait_for("lessons") - terminal.started


def lessons(runs: int) -> Iterator[Figure]:
    """Every lesson on the very first start: no settings, no marks, no kernels."""
    from cnnsim.scenario.catalogue import catalogue

    names = [entry.name for entry in catalogue() if entry.type == "lesson"]
    for name in names:
        times = tuple(_opened(name) for _ in range(runs))
        yield Figure("lessons", f"{name} opened, very first start", times, "s", 0.5)
    times = tuple(_opened_from_home() for _ in range(runs))
    yield Figure("lessons", f"{names[0]} opened from home", times, "s", 0.5)


def _opened(name: str) -> float:
    """Seconds from the start of the process to the picture of the first step."""
    with Sandbox() as sandbox, Terminal(sandbox, name) as terminal:
        return terminal.wait_for(FIRST_STEP) - terminal.started


def _opened_from_home() -> float:
    """Seconds from Enter on the first lesson to the picture of its first step."""
    with Sandbox() as sandbox, Terminal(sandbox) as terminal:
        terminal.wait_for("lessons")
        terminal.drain(0.5)
        return terminal.press("\r", FIRST_STEP)
