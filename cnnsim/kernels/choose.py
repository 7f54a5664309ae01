"""The one place that chooses what trains a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from cnnsim.errors import UsageError
from cnnsim.kernels.engine import Engine
from cnnsim.kernels.fill import Progress
from cnnsim.network.iteration import Iteration

Device = Literal["auto", "cpu", "cuda"]


def engine_for(
    iteration: Iteration,
    threads: int,
    device: Device = "auto",
    report: Callable[[Progress], None] = lambda progress: None,
) -> Engine:
    """The fastest engine that trains `iteration` on `device`; `report` hears of its compiling.

    Raises UsageError where the device is missing.
    """
    check_device(device)
    from cnnsim.kernels.lanes.engine import LanesEngine, refuses

    if not refuses(iteration):
        return LanesEngine(iteration, threads, report=report)
    from cnnsim.kernels.general import GeneralEngine

    return GeneralEngine(iteration, threads, report)


def check_device(device: Device) -> None:
    """Raise UsageError where `device` cannot train."""
    if device == "cuda":
        raise UsageError(
            "this version has no engine for CUDA", "leave --device out: the CPU trains everything"
        )
