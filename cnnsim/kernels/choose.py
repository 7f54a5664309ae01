"""The one place that chooses what trains a network."""

from __future__ import annotations

from typing import Literal

from cnnsim.kernels.engine import MODELS, Engine, is_on_gpu
from cnnsim.kernels.fill import Report, silent
from cnnsim.network.iteration import Iteration

#: What somebody may ask for, and what it comes to.
Device = Literal["auto", "cpu", "cuda"]
Chosen = Literal["cpu", "cuda"]


def choose_device(device: Device) -> Chosen:
    """What computes: ``auto`` is the GPU where there is one that can.

    Raises UsageError where a GPU is asked for and cannot be used, saying what is missing.
    """
    if device == "cpu":
        return "cpu"
    from cnnsim.kernels.cuda.device import find_device, is_available, is_simulated

    if device == "cuda":
        find_device()
        return "cuda"
    # A simulator is not found by itself: it is slower than anything.
    return "cuda" if is_available() and not is_simulated() else "cpu"


def engine_for(
    iteration: Iteration,
    threads: int,
    device: Device = "cpu",
    report: Report = silent,
) -> Engine:
    """The fastest engine that trains `iteration` on `device`; `report` hears of its compiling.

    Raises UsageError where the device is missing, CnnsimError where it has too little memory.
    """
    if choose_device(device) == "cuda":
        from cnnsim.kernels.cuda.engine import CudaEngine

        return CudaEngine(iteration, report)
    from cnnsim.kernels.lanes.engine import LanesEngine, refuses

    if not refuses(iteration):
        return LanesEngine(iteration, threads, report=report)
    from cnnsim.kernels.general import GeneralEngine

    return GeneralEngine(iteration, threads, report)


def engine_like(name: str, iteration: Iteration, threads: int, report: Report = silent) -> Engine:
    """What goes on bit for bit where the engine of that name began; the CPU's if that is nowhere.

    Raises CnnsimError where a GPU has too little memory.
    """
    if is_on_gpu(name):
        from cnnsim.kernels.cuda.device import engine_name, find_device, is_available

        if is_available():
            gpu = find_device()
            if name == engine_name(gpu):
                return engine_for(iteration, threads, "cuda", report)
            from cnnsim.kernels.cuda.models.engine import refuses

            if name == engine_name(gpu, MODELS) and not refuses(iteration):
                from cnnsim.kernels.cuda.models.alone import ModelAlone

                return ModelAlone(iteration, report)
    return engine_for(iteration, threads, "cpu", report)


def side_by_side(iteration: Iteration) -> tuple[int, str]:
    """How many models of this network the GPU trains at once; where it is one, why.

    Those are trained one after another, by the engine of `engine_for`.
    """
    from cnnsim.kernels.cuda.models.engine import refuses, room_for

    if why := refuses(iteration):
        return 1, why
    many = room_for(iteration)
    return (many, "") if many > 1 else (1, "the GPU has no memory for two of them")
