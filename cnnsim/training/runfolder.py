"""The files of a run folder, and what makes a folder one: known before anything is read."""

from __future__ import annotations

from pathlib import Path

SCENARIO, METRICS, RATES = "scenario.toml", "metrics.jsonl", "rates.jsonl"
LAST, BEST = "last.safetensors", "best.safetensors"
#: The files of a run by name; a picture or weights that it began with may stand beside them.
FILES = (SCENARIO, METRICS, RATES, LAST, BEST)
#: How the first line of a run's scenario begins; the scenario's name follows.
FIRST = "# A run of "


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
