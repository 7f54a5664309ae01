"""How a run folder begins, and how it is taken away."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.scenario.files import reason_of
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.writing import draft_of, drafted, write_whole
from cnnsim.training.files import locked
from cnnsim.training.frozen import GIVEN, frozen, given
from cnnsim.training.run import Run, open_run
from cnnsim.training.runfolder import FILES, FIRST, METRICS, SCENARIO

#: What to do where a folder cannot be had.
_OTHER = "choose another folder with --out"


def create_run(
    folder: Path, scenario: Scenario, settings: Sequence[str] = (), anew: bool = False
) -> Run:
    """Make `folder` a run of `scenario` with `settings` applied, not yet trained.

    A folder that holds the same run, of however many epochs, is left as it is, unless it is to
    begin `anew`: then whatever run is there goes. Raises UsageError where it holds another run, or
    other files; CnnsimError where it cannot be written, or another process is training it.
    """
    where = printable(str(folder))
    old = folder / SCENARIO
    try:
        text = frozen(scenario, settings)
        if old.is_file() and not anew:
            run = open_run(folder)
            _check_same(run, text)
            return run
        # Read before anything goes: they may stand in this very folder.
        files = {name: _read(source) for name, source in given_files(scenario).items()}
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            if old.is_file():
                if not anew:
                    raise CnnsimError(f"another process has just begun a run in {where}", _OTHER)
                delete_run(folder)
            elif not _files_of(folder).issuperset(folder.iterdir()):
                raise UsageError(f"{where} holds other files", _OTHER)
            _write(folder, text, files)
            return open_run(folder)
    except OSError as error:
        raise CnnsimError(
            f"{where} cannot be written: {printable(error.strerror or str(error))}", _OTHER
        ) from None


def given_files(scenario: Scenario) -> dict[str, Path]:
    """The files that a run of `scenario` needs beside its own, by their names in its folder."""
    sources = {"weights": scenario.model.weights, "image": scenario.model.input.image}
    return {
        given(key, source): beside(scenario.path, source)
        for key, source in sources.items()
        if source is not None
    }


def _write(folder: Path, text: str, files: Mapping[str, bytes]) -> None:
    """Write a run that begins. Raises OSError; what it wrote is gone then."""
    # The scenario, which names the others, is there first and gets its name last: whenever this is
    # cut off, what it leaves is known to be a run's.
    with drafted(folder / SCENARIO, text.encode()) as draft:
        try:
            for name, data in files.items():
                write_whole(folder / name, data)
            write_whole(folder / METRICS, b"")
            draft.replace(folder / SCENARIO)
        except BaseException:
            for name in (*files, METRICS):
                (folder / name).unlink(missing_ok=True)
            raise


def _check_same(run: Run, text: str) -> None:
    """Raise UsageError where scenario `text` is that of another run."""
    before, after = tomllib.loads(run.scenario.text), tomllib.loads(text)
    for document in (before, after):
        # A run can be made longer.
        document["training"].pop("epochs", None)
    if difference := _difference(before, after):
        raise UsageError(
            f"the run in {printable(str(run.folder))} is another one: {difference}",
            f"{_OTHER}, or the same settings",
        )


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise UsageError(f"{printable(str(source))} {printable(reason_of(error))}") from None


def delete_run(folder: Path) -> None:
    """Take the files of a run out of `folder`, and nothing else.

    Raises CnnsimError where another process is training it, or a file cannot be deleted.
    """
    scenario = folder / SCENARIO
    try:
        with locked(scenario) if scenario.is_file() else nullcontext():
            # The scenario names the others, and goes last.
            for path in sorted(_files_of(folder), key=lambda path: path == scenario):
                path.unlink(missing_ok=True)
    except OSError as error:
        where = printable(str(folder))
        reason = printable(error.strerror or str(error))
        raise CnnsimError(f"{where} cannot be emptied: {reason}") from None


def _files_of(folder: Path) -> set[Path]:
    """What a run has written into `folder`, whole or not."""
    scenario = folder / SCENARIO
    names = {*FILES, *_given_names(scenario), *_given_names(draft_of(scenario))}
    names |= {draft_of(folder / name).name for name in names}
    return {folder / name for name in names}


def _given_names(scenario: Path) -> set[str]:
    """The files beside `scenario` that the run began with."""
    try:
        text = scenario.read_text("utf-8")
        document = tomllib.loads(text)
        named = {document.get("weights"), document.get("input", {}).get("image")}
    except (OSError, ValueError, AttributeError, TypeError):
        return set()
    names = {name for name in named if isinstance(name, str) and Path(name).name == name}
    return {name for name in names if Path(name).stem == GIVEN and text.startswith(FIRST)}


def _difference(old: Any, new: Any, at: str = "") -> str:
    """The first key in which two scenarios differ, or nothing."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            inner = f"{at}.{key}" if at else key
            if key not in old or key not in new:
                return f"only {'the new one' if key in new else 'it'} has {printable(inner)}"
            if found := _difference(old[key], new[key], inner):
                return found
        return ""
    if old == new:
        return ""
    return f"its {printable(at)} is {printable(str(old), 40)}, not {printable(str(new), 40)}"
