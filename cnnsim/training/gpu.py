"""Many runs on a GPU: those of one network side by side where that goes, else one by one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence

from cnnsim.kernels.choose import side_by_side
from cnnsim.training.fleet import Fleet
from cnnsim.training.load import load
from cnnsim.training.loop import Outcome, Report
from cnnsim.training.run import LAST, Run
from cnnsim.training.session import ending, result_of

#: Runs that are trained at once at most: each holds a file open.
_MOST = 512


def train_on_gpu(
    runs: Sequence[Run], threads: int, report: Report, stop: Callable[[], bool]
) -> None:
    """Train every run to its end; every event has the ``run`` that it belongs to.

    Once `stop` says yes, the updates at hand are finished and everything is saved. Raises
    CnnsimError where the GPU fails.
    """
    for group in _groups(runs, report):
        if stop():
            _tell_stopped(group, report)
        elif len(group) > 1 and not side_by_side(group[0].iteration):
            from cnnsim.training.cohort import Cohort

            Cohort(group, report, stop).go()
        else:
            _tell_why_not(group, report)
            Fleet([run.folder for run in group], 1, threads, "cuda").go(report, stop)


def _groups(runs: Sequence[Run], report: Report) -> Iterator[list[Run]]:
    """Runs that differ in nothing but the seed and stand at the same update; finished ones tell."""
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        if (found := result_of(run, "cuda")) is not None:
            report({**found, "seconds": 0.0})
            continue
        done = run.read()[1].iteration if (run.folder / LAST).is_file() else 0
        groups.setdefault((_network(run), done), []).append(run)
    for group in groups.values():
        for first in range(0, len(group), _MOST):
            yield group[first : first + _MOST]


def _network(run: Run) -> str:
    """What runs have alike that may be trained side by side: all but the seed."""
    document = tomllib.loads(run.scenario.text)
    document.pop("seed", None)
    return f"{run.name}\n{document!r}"


def _tell_why_not(group: Sequence[Run], report: Report) -> None:
    if len(group) > 1:
        why = side_by_side(group[0].iteration)
        what = f"{group[0].name}: its {len(group)} runs are trained one after another, for {why}"
        report({"kind": "note", "run": str(group[0].folder), "what": what})


def _tell_stopped(group: Sequence[Run], report: Report) -> None:
    for run in group:
        done = run.read()[1].iteration if (run.folder / LAST).is_file() else 0
        report(ending(run, load(run.scenario), Outcome("stopped", done), "cuda", 0.0))
