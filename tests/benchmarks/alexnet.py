"""AlexNet with all of its values: in a bare process, in the app, and how much memory it takes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.terminal import Terminal

_SCENARIO = "alexnet"
#: Opens the scenario and computes everything; prints seconds after imports, and with them.
_COMPUTE = """
from time import perf_counter
begun = perf_counter()
import json
from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper
opened = perf_counter()
Stepper(read_scenario("alexnet")).values.compute_all()
done = perf_counter()
print(json.dumps([done - opened, done - begun]))
"""
#: The layers while they are computed, or the first step at once.
_PICTURE = "computing|compiling|mac 0 "
_MANY, _LAST = 999_999_999, 1_115_202_079


def alexnet(runs: int) -> Iterator[Figure]:
    """Times; the first process of a sandbox compiles the kernels, later ones load them."""
    cold, warm, whole = [], [], []
    for _ in range(min(runs, 3)):
        with Sandbox() as sandbox:
            cold.append(sandbox.run_python(_COMPUTE)[0])
    with Sandbox() as sandbox:
        sandbox.run_python(_COMPUTE)
        for _ in range(runs):
            opened, begun = sandbox.run_python(_COMPUTE)
            warm.append(opened)
            whole.append(begun)
        yield Figure("alexnet", "AlexNet, all values, kernels compiled before", (*warm,), "s", 2)
        yield Figure("alexnet", "  the same with the imports", (*whole,), "s")
        yield Figure("alexnet", "  the same, kernels compiled now", (*cold,), "s")
        yield from _in_app(sandbox, runs)


def _in_app(sandbox: Sandbox, runs: int) -> Iterator[Figure]:
    fresh = []
    for _ in range(min(runs, 3)):
        with Sandbox() as empty:
            fresh.append(_shown(empty, _PICTURE))
    yield Figure("alexnet", "cnnsim alexnet, first picture, very first start", (*fresh,), "s")
    times = tuple(_shown(sandbox, _PICTURE) for _ in range(runs))
    yield Figure("alexnet", "cnnsim alexnet, first picture", times, "s")
    times = tuple(_shown(sandbox, "mac 0 ") for _ in range(runs))
    yield Figure("alexnet", "cnnsim alexnet, first step", times, "s")
    for mac, budget in ((_MANY, None), (_LAST, 2.0)):
        place = f"mac {mac}"
        times = tuple(_shown(sandbox, f"mac {mac:,} ", "--at", place) for _ in range(runs))
        yield Figure("alexnet", f'cnnsim alexnet --at "{place}"', times, "s", budget)


def _shown(sandbox: Sandbox, pattern: str, *words: str) -> float:
    with Terminal(sandbox, _SCENARIO, *words) as terminal:
        return terminal.wait_for(pattern) - terminal.started


def memory(runs: int) -> Iterator[Figure]:
    """The app's memory once everything is computed and some of it was looked at."""
    with Sandbox() as sandbox:
        for what in ("kernels compiled now", "kernels compiled before"):
            taken = _resident(sandbox)
            yield Figure("memory", f"AlexNet resident, {what}", (taken,), "MB", 700)


def _resident(sandbox: Sandbox) -> float:
    with Terminal(sandbox, _SCENARIO, "--at", f"mac {_LAST}") as terminal:
        terminal.wait_for(f"mac {_LAST:,} ")
        # The last tensor follows: the footer then stops saying that it computes.
        terminal.drain(1.0)
        for place in range(0, _LAST, _LAST // 8):
            terminal.send("g")
            terminal.drain(0.2)
            terminal.send(f"mac {place}\r")
            terminal.wait_for(f"mac {place:,} ")
            terminal.drain(0.1)
        return terminal.resident_megabytes()
