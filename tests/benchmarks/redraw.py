"""The processor time of a redraw, from the new position to the characters for the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

from tests.benchmarks.figure import Figure
from tests.benchmarks.terminal import LARGE, USUAL, Size

#: Where redraws are measured: a scenario, a place whose cell goes on for a while.
PLACES = (
    ("toy_2x2", "conv1.forward[0,0,1,0] tap[0,0,0]"),
    ("sobel", "correlate.forward[0,0,1,1] tap[0,0,0]"),
    ("alexnet", "conv2.forward[0,225,14,7] tap[32,0,0]"),
)
#: Redraws of each place.
_TIMES = 60


def redraw(runs: int) -> Iterator[Figure]:
    """Steps within one cell, small and large."""
    for scenario, address in PLACES:
        for size in (USUAL, LARGE):
            moving, whole = asyncio.run(_measure(scenario, address, size))
            what = f"redraw within a cell, {scenario} at {size[0]}x{size[1]}, CPU"
            yield Figure("redraw", what, whole, "ms", 5)
            yield Figure("redraw", "  of that: panels painted", moving, "ms")


def measured_app(scenario: Any, step: int) -> Any:
    """The app without a terminal that writes all the same, and says when it has written."""
    from cnnsim.tui import app

    class MeasuredApp(app.CnnsimApp):
        # A path relative to the class's own file would be looked for here.
        CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))
        painted: Callable[[], None] = staticmethod(lambda: None)

        @property
        def is_headless(self) -> bool:
            """Else Textual would leave out the last part: turning segments into characters."""
            return False

        def post_display_hook(self) -> None:
            self.painted()

    return MeasuredApp(scenario, step)


async def _measure(
    name: str, address: str, size: Size
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds of processor time: in the panels' painting, and up to the characters."""
    from cnnsim.scenario.reader import read_scenario
    from cnnsim.steps.address import parse_address
    from cnnsim.steps.trace import Trace
    from cnnsim.tui.screens.forward import ForwardScreen

    scenario = read_scenario(name)
    trace = Trace(scenario.network.sweeps)
    first = parse_address(trace, address)
    taps = trace.sweep_of(trace.position(first)).tap_count
    app = measured_app(scenario, first)
    moving, whole = [], []
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ForwardScreen)
        values = screen.stepper.values
        while not all(values.is_ready(tensor) for tensor in values):
            await asyncio.sleep(0.05)
        await pilot.pause(0.5)
        for step in _walk(first, min(taps, 40)):
            written: list[float] = []
            app.painted = lambda written=written: written.append(process_time())
            begun = process_time()
            screen.go(step)
            moving.append(1000 * (process_time() - begun))
            await asyncio.sleep(0.04)
            assert written, "nothing was written"
            whole.append(1000 * (written[-1] - begun))
    return tuple(moving), tuple(whole)


def _walk(first: int, taps: int) -> Iterator[int]:
    """Forwards through a cell from its step `first`, and back again, by single steps."""
    step, direction = first, 1
    for _ in range(_TIMES):
        if not first <= step + direction < first + taps:
            direction = -direction
        step += direction
        yield step
