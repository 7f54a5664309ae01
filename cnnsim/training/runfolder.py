"""The files of a run folder, and what makes a folder one: known before anything is read."""

from __future__ import annotations

from pathlib import Path

from cnnsim.errors import printable

SCENARIO, METRICS, RATES = "scenario.toml", "metrics.jsonl", "rates.jsonl"
LAST, BEST = "last.safetensors", "best.safetensors"
#: The files of a run by name; a picture or weights that it began with may stand beside them.
FILES = (SCENARIO, METRICS, RATES, LAST, BEST)
#: How the first line of a run's scenario begins; the scenario's name follows.
FIRST = "# A run of "
#: Where ``cnnsim train`` puts runs, each as NAME-SEED.
RUNS = Path("runs")
#: Run folders that a hint names.
_MOST_NAMED = 3


def is_run(folder: Path) -> bool:
    """Whether `folder` holds a run."""
    try:
        return (folder / SCENARIO).is_file() and (folder / METRICS).is_file()
    except OSError:
        return False


def is_run_folder(source: str) -> bool:
    """Whether `source` is the path of a run folder."""
    try:
        return is_run(Path(source))
    except ValueError:
        return False


def meant_instead(folder: Path) -> str:
    """A hint for somebody who named `folder`, which is no run folder; empty where there is none.

    It names the folder of a run's file, the runs inside, or those that begin with its name.
    """
    if is_run(folder.parent) and folder.is_file():
        return f"is {printable(str(folder.parent))} meant?"
    if folder.is_dir():
        inside = _runs_in(folder)
        return f"is {_listed(inside)} meant?" if inside else ""
    # NAME, or else NAME-SEED of which only other seeds are there.
    scenario, _, seed = folder.name.rpartition("-")
    for name in (folder.name, scenario if seed.isdecimal() else ""):
        places = dict.fromkeys((folder.parent, RUNS)) if name else ()
        if found := [run for place in places for run in _runs_in(place, name)]:
            return f"is {_listed(found)} meant?"
    return ""


def _runs_in(folder: Path, name: str = "") -> list[Path]:
    """The run folders in `folder`, seed after seed; with a `name` those called so, or NAME-…."""
    try:
        found = [path for path in folder.iterdir() if is_run(path)]
    except (OSError, ValueError):
        return []
    if name:
        found = [run for run in found if run.name == name or run.name.startswith(f"{name}-")]
    return sorted(found, key=lambda run: (run.name.rpartition("-")[0], len(run.name), run.name))


def _listed(runs: list[Path]) -> str:
    """``a``, ``a or b``, ``a or b or c or another one``."""
    names = [printable(str(run)) for run in runs[:_MOST_NAMED]]
    more = ["another one"] if len(runs) > _MOST_NAMED else []
    return " or ".join([*names, *more])
