"""Many runs on a GPU: those of one network side by side where that goes, else one by one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from typing import Literal

from cnnsim.errors import CnnsimError
from cnnsim.kernels.choose import side_by_side
from cnnsim.kernels.engine import MODELS, is_on_gpu
from cnnsim.training.fleet import Fleet
from cnnsim.training.loop import Tell
from cnnsim.training.run import Run
from cnnsim.training.session import error_event, left_out, point_of, result_of

#: How a run began on a GPU, which decides its bits; either where it did not begin on one.
_Began = Literal["together", "alone", "either"]


def train_on_gpu(runs: Sequence[Run], threads: int, report: Tell, stop: Callable[[], bool]) -> None:
    """Train every run to its end; every event has the ``run`` that it belongs to.

    Once `stop` says yes, the updates at hand are finished and everything is saved. Raises
    CnnsimError where the GPU fails.
    """
    for began, group in _groups(runs, report):
        many, why = 1, ""
        if began == "together" or (began == "either" and len(group) > 1):
            many, why = side_by_side(group[0].iteration)
        if why:
            what = f"{group[0].name}: {len(group)} runs are trained one after another, for {why}"
            report({"kind": "note", "run": str(group[0].folder), "what": what})
        if many == 1 and not stop():
            Fleet([run.folder for run in group], 1, threads, "cuda").go(report, stop)
            continue
        for first in range(0, len(group), many):
            some = group[first : first + many]
            if stop():
                for run in some:
                    report(left_out(run))
                continue
            from cnnsim.training.cohort import train_cohort

            train_cohort(some, report, stop)


def began_together(run: Run) -> bool:
    """Whether a run began beside others: it goes on so, bit for bit, be it the only one left."""
    return _how_began(point_of(run).engine) == "together"


def _how_began(engine: str) -> _Began:
    """How the runs of that engine began, and go on."""
    if not is_on_gpu(engine):
        return "either"
    return "together" if engine.startswith(MODELS) else "alone"


def _groups(runs: Sequence[Run], report: Tell) -> list[tuple[_Began, list[Run]]]:
    """Runs that differ in nothing but the seed, and go on alike from the same update.

    Those that are finished only tell their results.
    """
    groups: dict[tuple[_Began, str, int], list[Run]] = {}
    for run in runs:
        try:
            point = point_of(run)
            if (found := result_of(run, point)) is not None:
                report({**found, "seconds": 0.0})
                continue
            key = _how_began(point.engine), _network(run), point.iteration
        except CnnsimError as error:
            # The others are trained all the same.
            report({"run": str(run.folder), **error_event(error)})
            continue
        groups.setdefault(key, []).append(run)
    return [(began, group) for (began, *_), group in groups.items()]


def _network(run: Run) -> str:
    """What runs have alike that may be trained side by side: all but the seed."""
    document = tomllib.loads(run.scenario.text)
    document.pop("seed", None)
    return f"{run.name}\n{document!r}"
