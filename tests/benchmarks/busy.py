"""The app while it has other things to do: how late its ticks come, how late its keys."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from tests.benchmarks.figure import Figure
from tests.benchmarks.redraw import measured_app
from tests.benchmarks.sandbox import Sandbox
from tests.benchmarks.terminal import USUAL, Terminal

#: Seconds between two ticks, and of ticks that are counted.
_TICK, _COUNTED = 0.01, 8.0
#: Seconds until training runs, compiled code included; keys pressed.
_PATIENCE, _KEYS = 300, 60


def busy(runs: int) -> Iterator[Figure]:
    """While `digits_cnn` trains, and while somebody drags the slider through its training."""
    training, sliding = asyncio.run(_ticks())
    for what, late in (("training", training), ("the slider is dragged", sliding)):
        for share in (0.95, 0.99):
            yield Figure("busy", f"a tick is late while {what}", late, "ms", None, share)
    keys = tuple(_keys())
    yield Figure("busy", "key to paint while training, 120x36", keys, "ms", 50, 0.95)
    yield Figure("busy", "key to paint while training, 120x36", keys, "ms")


def _endless() -> Any:
    """The digits with so many epochs that they do not end."""
    from cnnsim.scenario.reader import read_scenario

    return read_scenario("digits_cnn", ("training.epochs=90000",))


async def _ticks() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds by which ticks come late."""
    from cnnsim.tui.screens.train import TrainScreen, live_screen
    from cnnsim.tui.train.newrun import new_run

    app = measured_app(None, 0)
    async with app.run_test(size=USUAL) as pilot:
        screen = live_screen(new_run(_endless()))
        await app.push_screen(screen)
        assert isinstance(screen, TrainScreen)
        deadline = perf_counter() + _PATIENCE
        while len(screen.view.rows) < 4 and perf_counter() < deadline:
            await asyncio.sleep(0.1)
        training = await _late(lambda number: None)
        # The first look compiles.
        screen.action_slide_end(-1)
        while screen.scrub.busy and perf_counter() < deadline:
            await asyncio.sleep(0.1)

        def drag(number: int) -> None:
            if number % 5 == 0:
                end = screen.view.iteration
                screen.scrub.go(end * (number * 7 % 100) // 100, screen.view)
                screen.refresh_panels()

        sliding = await _late(drag)
        await pilot.pause()
    return training, sliding


async def _late(act: Any) -> tuple[float, ...]:
    late = []
    end = perf_counter() + _COUNTED
    number = 0
    while perf_counter() < end:
        act(number)
        begun = perf_counter()
        await asyncio.sleep(_TICK)
        late.append(1000 * (perf_counter() - begun - _TICK))
        number += 1
    return tuple(late)


def _keys() -> Iterator[float]:
    """Milliseconds from a key to its picture on the training screen."""
    rng = random.Random(1)
    with Sandbox() as sandbox:
        settings = ("--set", "training.epochs=90000")
        with Terminal(sandbox, "digits_cnn", *settings) as terminal:
            terminal.wait_for(r"mac 0 ")
            terminal.drain(1.0)
            terminal.send("t")
            terminal.wait_for(r"of 360 wrong", _PATIENCE)
            time.sleep(2.0)
            for number in range(_KEYS):
                pattern = r"\blinear\s+e\s+log" if number % 2 == 0 else r"\blog\s+e\s+linear"
                yield 1000 * terminal.press("e", pattern)
                time.sleep(rng.uniform(0.05, 0.15))
