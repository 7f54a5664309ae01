"""How long it takes until something is there: help, home, the lessons."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.terminal import Terminal

#: The header of a first step: multiply-adds are numbered where a scenario has other steps too.
FIRST_STEP = r"(step|mac) 0 "
#: Processor time, which other programs on the machine disturb less than the clock.
_CPU = "  CPU of the process until then"

#: Seconds by the clock; seconds of the processor, or None.
Times = tuple[float, float | None]


def start(runs: int) -> Iterator[Figure]:
    """``--help`` and the home screen."""
    with Sandbox() as sandbox:
        sandbox.seconds("--help")
        times = tuple(1000 * sandbox.seconds("--help") for _ in range(max(runs, 7)))
        yield Figure("start", "cnnsim --help, whole process", times, "ms", 150)
        _home(sandbox)
        yield from _figures("start", "home painted", [_home(sandbox) for _ in range(runs)], 0.4)


def lessons(runs: int) -> Iterator[Figure]:
    """Every lesson on the very first start: no settings, no marks, no kernels."""
    from cnnsim.scenario.catalogue import catalogue

    names = [entry.name for entry in catalogue() if entry.type == "lesson"]
    for name in names:
        what = f"{name} opened, very first start"
        yield from _figures("lessons", what, [_lesson(name) for _ in range(runs)], 0.5)
    pressed = tuple(_from_home() for _ in range(runs))
    yield Figure("lessons", f"{names[0]} opened from home", pressed, "s", 0.5)


def _figures(group: str, what: str, times: list[Times], budget: float) -> Iterator[Figure]:
    yield Figure(group, what, tuple(clock for clock, _ in times), "s", budget)
    spent = tuple(cpu for _, cpu in times if cpu is not None)
    if spent:
        yield Figure(group, _CPU, spent, "s")


def _home(sandbox: Sandbox) -> Times:
    with Terminal(sandbox) as terminal:
        return terminal.wait_for("lessons") - terminal.started, terminal.cpu_seconds()


def _lesson(name: str) -> Times:
    """From the start of the process to the picture of the first step."""
    with Sandbox() as sandbox, Terminal(sandbox, name) as terminal:
        return terminal.wait_for(FIRST_STEP) - terminal.started, terminal.cpu_seconds()


def _from_home() -> float:
    """Seconds from Enter on the first lesson to the picture of its first step."""
    with Sandbox() as sandbox, Terminal(sandbox) as terminal:
        terminal.wait_for("lessons")
        terminal.drain(0.5)
        return terminal.press("\r", FIRST_STEP)
