"""The one place that chooses what computes a sweep: NumPy, or the compiled general kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from cnnsim.kernels.processors import processors
from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.taps import FloatArray
from cnnsim.steps.work import Tensors

#: Sweeps of fewer taps than this run on NumPy at once; beyond, compiled code is worth its loading.
COMPILE_FROM = 5_000_000

Stage = Literal["computing", "compiling", "looking through", "measuring", "checking"]


class Progress(NamedTuple):
    """What is being done, for people; `share` of this sweep is done."""

    stage: Stage
    sweep: str
    share: float


#: Hears of progress; what it raises stops the work.
Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Nobody listens."""


def can_compile(sweep: Sweep) -> bool:
    """Whether the compiled kernel takes `sweep`: it fills a tensor by folding taps.

    A sweep whose cells are one term each is a handful of whole-array operations anyway.
    """
    folds = sweep.fold is not None and bool(sweep.taps) and bool(sweep.cells)
    return folds and not sweep.transcendental


def is_compiled(sweep: Sweep, times: int = 1) -> bool:
    """Whether the compiled kernel computes `sweep`, because `times` of it are taps enough."""
    return times * sweep.steps >= COMPILE_FROM and can_compile(sweep)


def fill(
    sweep: Sweep,
    tensors: Tensors,
    report: Report = silent,
    times: int = 1,
) -> FloatArray:
    """The tensor that `sweep` writes, in float64. Raises whatever `report` raises.

    The bits are the same whatever computes them; who needs the sweep many `times` says so.
    """
    if not is_compiled(sweep, times):
        report(Progress("computing", sweep.full_name, 0.0))
        return fill_vectorised(sweep, tensors)
    report(Progress("compiling", sweep.full_name, 0.0))
    from cnnsim.kernels.compiled import fill_compiled
    from cnnsim.kernels.places import TooLarge

    def told(share: float) -> None:
        report(Progress("computing", sweep.full_name, share))

    try:
        return fill_compiled(sweep, tensors, processors(), told)
    except TooLarge:
        told(0.0)
        return fill_vectorised(sweep, tensors)
