"""Runs: made, trained to their end or until somebody stops them, and compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnsim.scenario.reader import parse_scenario
from cnnsim.training.control import Control
from cnnsim.training.making import create_run
from cnnsim.training.session import train_folder


def make(folder: Path, text: str, *settings: str) -> Path:
    """A run of the scenario `text` in `folder`, not yet trained."""
    create_run(folder, parse_scenario("net", text, settings=settings), settings)
    return folder


def train(
    folder: Path, stop: Callable[[], bool] = lambda: False, device: str = "cpu"
) -> list[dict[str, Any]]:
    """Train the run in `folder`; its events."""
    events: list[dict[str, Any]] = []
    train_folder(folder, 1, device, events.append, Control(stop))
    return events


def after(looks: int) -> Callable[[], bool]:
    """Yes after so many looks."""
    left = [looks]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file in `folder`."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
