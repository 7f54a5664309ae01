"""A run folder: ``scenario.toml``, ``metrics.jsonl``, ``last.safetensors``, ``best.safetensors``.

Where the learning rate was changed while it trained there is ``rates.jsonl`` too.

The folder is all that a run is: whoever has it can go on training, evaluate, or step through any
iteration. There are no times in it, so the same run gives the same bytes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import Optimizer
from cnnsim.scenario.data import NAMED
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.scenario import Scenario
from cnnsim.training.checkpoint import Point, Tensors, read_checkpoint, write_checkpoint
from cnnsim.training.files import append_lines, write_whole
from cnnsim.training.load import data_of
from cnnsim.training.schedule import Change

SCENARIO, METRICS, RATES = "scenario.toml", "metrics.jsonl", "rates.jsonl"
LAST, BEST = "last.safetensors", "best.safetensors"
#: The name of a picture or of weights that the scenario began with; their endings differ.
_GIVEN = "given"
_FILES = (SCENARIO, METRICS, RATES, LAST, BEST)


@dataclass(frozen=True)
class Run:
    """A run folder with the scenario that it trains."""

    folder: Path
    scenario: Scenario

    @property
    def name(self) -> str:
        """The scenario's name, for people and for JSON."""
        return self.scenario.name

    @property
    def seed(self) -> int:
        """The seed of weights, order, shifts and masks."""
        return self.scenario.model.seed

    @property
    def optimizer(self) -> Optimizer:
        """The table ``[training]``."""
        optimizer = self.scenario.iteration.optimizer
        assert optimizer is not None, "checked when the scenario was read"
        return optimizer

    @cached_property
    def iteration(self) -> Iteration:
        """What one update is: a whole batch in training mode."""
        return self.scenario.iteration.resized(self.optimizer.batch, True)

    def initial(self) -> dict[str, Any]:
        """The parameters before the first update, by name."""
        leaves = self.scenario.leaves()
        return {name: leaves[name] for name in self.scenario.network.parameters}

    def read(self, which: str = LAST) -> tuple[dict[str, Any], Point]:
        """The numbers of a checkpoint. Raises UsageError where there is none, or it is damaged."""
        path = self.folder / which
        if not path.is_file():
            raise UsageError(
                f"{printable(str(path))} is not there", "the run has not been trained so far"
            )
        return read_checkpoint(path, self.scenario.network)

    def write(self, tensors: Tensors, point: Point, which: str = LAST) -> None:
        """Write a checkpoint. Raises CnnsimError where that fails, a full disk for example."""
        with self._saying():
            write_checkpoint(self.folder / which, self.scenario.network, tensors, point)

    def metrics(self) -> list[dict[str, Any]]:
        """What was measured after each epoch; a line that was cut off is left out."""
        return _rows(self.folder / METRICS)

    def keep_metrics(self, count: int) -> list[dict[str, Any]]:
        """Forget what was measured after the first `count` epochs; the rest.

        Raises UsageError where fewer are there.
        """
        found = self.metrics()
        if len(found) < count:
            raise UsageError(
                f"{printable(str(self.folder / METRICS))} has {len(found)} epochs and the "
                f"checkpoint {count}",
                "begin anew in another folder",
            )
        with self._saying():
            text = "".join(_line(row) + "\n" for row in found[:count])
            write_whole(self.folder / METRICS, text.encode("ascii"))
        return found[:count]

    def add_metrics(self, rows: list[dict[str, Any]]) -> None:
        """Append what was measured. Raises CnnsimError."""
        with self._saying():
            append_lines(self.folder / METRICS, [_line(row) for row in rows])

    def rate_changes(self) -> tuple[Change, ...]:
        """The learning rates that were set while it trained, in order.

        Raises UsageError where their file is damaged.
        """
        try:
            return tuple(
                Change(int(row["iteration"]), float(row["rate"]))
                for row in _rows(self.folder / RATES)
            )
        except (KeyError, TypeError, ValueError):
            raise UsageError(
                f"{printable(str(self.folder / RATES))} is damaged", "begin anew in another folder"
            ) from None

    def add_rate_change(self, change: Change) -> None:
        """Append a learning rate, before any update uses it. Raises CnnsimError."""
        with self._saying():
            row = {"kind": "rate", **change._asdict()}
            append_lines(self.folder / RATES, [_line(row)])

    def _saying(self) -> _Saying:
        return _Saying(self.folder)


class _Saying:
    """Makes one clear error of what the file system says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise CnnsimError(
                f"the run cannot be saved in {printable(str(self._folder))}: {printable(reason)}",
                "what was saved before is still good: make room and go on with --resume",
            ) from None


def _rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one a line; a line that was cut off is left out."""
    try:
        lines = path.read_text("ascii", errors="replace").splitlines(True)
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = []
    for line in lines:
        try:
            row = json.loads(line) if line.endswith("\n") else None
        except ValueError:
            break
        if not isinstance(row, dict):
            break
        found.append(row)
    return found


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, allow_nan=False)


def open_run(folder: Path) -> Run:
    """The run in `folder`. Raises UsageError where it holds none."""
    where = printable(str(folder))
    if not folder.is_dir():
        raise UsageError(f"there is no run folder {where}", "cnnsim train makes one")
    file = folder / SCENARIO
    if not file.is_file():
        raise UsageError(f"{where} is no run folder: it has no {SCENARIO}")
    scenario = read_scenario(str(file))
    data_of(scenario)
    return Run(folder, _named(scenario))


def is_run(folder: Path) -> bool:
    """Whether `folder` holds a run."""
    try:
        return (folder / SCENARIO).is_file() and (folder / METRICS).is_file()
    except OSError:
        return False


def _named(scenario: Scenario) -> Scenario:
    """A run's scenario has the name of the one it was made from, which its first line says."""
    first = scenario.text.partition("\n")[0]
    if first.startswith(_FIRST):
        return Scenario(
            first.removeprefix(_FIRST).strip(),
            scenario.path,
            scenario.text,
            scenario.model,
            scenario.iteration,
        )
    return scenario


_FIRST = "# A run of "


def create_run(folder: Path, scenario: Scenario, settings: Sequence[str] = ()) -> Run:
    """Make `folder` a run of `scenario` with `settings` applied, not yet trained.

    A folder that holds the same run is left as it is. Raises UsageError where it holds another
    one, CnnsimError where it cannot be written.
    """
    where = printable(str(folder))
    text, files = _frozen(scenario, settings)
    old = folder / SCENARIO
    try:
        if old.is_file():
            if difference := _difference(old.read_text("utf-8"), text):
                raise UsageError(
                    f"the run in {where} is another one: {difference}",
                    "choose another folder with --out, or the same settings",
                )
            return open_run(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not all(_is_ours(path) for path in folder.iterdir()):
            raise UsageError(f"{where} holds other files", "choose another folder with --out")
        for name, source in files.items():
            shutil.copyfile(source, folder / name)
        write_whole(folder / METRICS, b"")
        write_whole(old, text.encode())
    except OSError as error:
        raise CnnsimError(
            f"{where} cannot be written: {printable(error.strerror or str(error))}",
            "choose another folder with --out",
        ) from None
    return open_run(folder)


def _is_ours(path: Path) -> bool:
    """Whether a run has written this file, whole or not."""
    return path.name in _FILES or path.name.endswith(".new") or path.stem == _GIVEN


def delete_run(folder: Path) -> None:
    """Take the files of a run out of `folder`. Raises CnnsimError."""
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if _is_ours(path):
                path.unlink()
    except OSError as error:
        where = printable(str(folder))
        reason = printable(error.strerror or str(error))
        raise CnnsimError(f"{where} cannot be emptied: {reason}") from None


def check_room(runs: Sequence[Run]) -> None:
    """Raise CnnsimError where the disks have no room for what `runs` will write."""
    needed: dict[int, tuple[Run, int]] = {}
    for run in runs:
        iteration = run.iteration
        numbers = sum(parameter.size for parameter in iteration.network.parameters.values())
        numbers += sum(prod(shape) for shape in iteration.states.values())
        device = run.folder.stat().st_dev
        # The last one, the best one, and a new one before it takes the place of either.
        _, before = needed.get(device, (run, 0))
        needed[device] = (run, before + 3 * 4 * numbers + 4096 + 256 * run.optimizer.epochs)
    for run, size in needed.values():
        free = shutil.disk_usage(run.folder).free
        if free < size:
            raise CnnsimError(
                f"{printable(str(run.folder))}: the disk has {free / 1e6:,.1f} MB left and the "
                f"checkpoints need {size / 1e6:,.1f} MB",
                "make room, or choose another folder with --out",
            )


def _frozen(scenario: Scenario, settings: Sequence[str]) -> tuple[str, dict[str, Path]]:
    """The text of the run's own scenario, and the files that it needs beside it."""
    import tomlkit

    document: Any = tomlkit.parse(scenario.text)
    apply_overrides(document, settings)
    # What a tour expects is true of the weights that the scenario began with.
    document.pop("tour", None)
    files = {}
    for holder, key in ((document["input"], "image"), (document, "weights")):
        if key in holder:
            source = beside(scenario.path, str(holder[key]))
            files[_GIVEN + source.suffix] = source
            holder[key] = _GIVEN + source.suffix
    data = document["data"]
    if str(data["source"]) not in NAMED:
        data["source"] = str(beside(scenario.path, str(data["source"])).expanduser().absolute())
    return f"{_FIRST}{scenario.name}\n{tomlkit.dumps(document)}", files


def _difference(old: str, new: str) -> str:
    """The first key in which two scenarios differ, or nothing."""
    import tomllib

    try:
        return _first_difference(tomllib.loads(old), tomllib.loads(new), "")
    except ValueError:
        return "its scenario.toml is damaged"


def _first_difference(old: Any, new: Any, at: str) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            inner = f"{at}.{key}" if at else key
            if key not in old or key not in new:
                return f"only {'the new one' if key in new else 'it'} has {printable(inner)}"
            if found := _first_difference(old[key], new[key], inner):
                return found
        return ""
    if old == new:
        return ""
    return f"its {printable(at)} is {printable(str(old), 40)}, not {printable(str(new), 40)}"
