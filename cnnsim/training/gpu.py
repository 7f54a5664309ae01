"""Many runs on a GPU: those of one network side by side where that goes, else one by one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence

from cnnsim.errors import CnnsimError
from cnnsim.kernels.choose import side_by_side
from cnnsim.kernels.engine import MODELS, is_on_gpu
from cnnsim.training.fleet import Fleet
from cnnsim.training.loop import Report
from cnnsim.training.run import Run
from cnnsim.training.session import error_event, left_out, point_of, result_of


def train_on_gpu(
    runs: Sequence[Run], threads: int, report: Report, stop: Callable[[], bool]
) -> None:
    """Train every run to its end; every event has the ``run`` that it belongs to.

    Once `stop` says yes, the updates at hand are finished and everything is saved. Raises
    CnnsimError where the GPU fails.
    """
    for group in _groups(runs, report):
        many, why = 1, ""
        if began_together(group[0]) or (len(group) > 1 and not _began_alone(group[0])):
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
            from cnnsim.training.cohort import Cohort

            Cohort(some, report, stop).go()


def began_together(run: Run) -> bool:
    """Whether a run began beside others: it goes on so, bit for bit, be it the only one left."""
    return point_of(run).engine.startswith(MODELS)


def _began_alone(run: Run) -> bool:
    """Whether it began by itself on a GPU, and goes on so."""
    return is_on_gpu(point_of(run).engine) and not began_together(run)


def _groups(runs: Sequence[Run], report: Report) -> list[list[Run]]:
    """Runs that differ in nothing but the seed, and go on alike from the same update.

    Those that are finished only tell their results.
    """
    groups: dict[tuple[str, int, bool, bool], list[Run]] = {}
    for run in runs:
        try:
            if (found := result_of(run)) is not None:
                report({**found, "seconds": 0.0})
                continue
            key = _network(run), point_of(run).iteration, began_together(run), _began_alone(run)
        except CnnsimError as error:
            # The others are trained all the same.
            report({"run": str(run.folder), **error_event(error)})
            continue
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def _network(run: Run) -> str:
    """What runs have alike that may be trained side by side: all but the seed."""
    document = tomllib.loads(run.scenario.text)
    document.pop("seed", None)
    return f"{run.name}\n{document!r}"
