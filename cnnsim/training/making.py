"""How a run folder begins, and how it is taken away."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from cnnsim.errors import CnnsimError, UsageError, printable
from cnnsim.scenario.data import NAMED
from cnnsim.scenario.files import reason_of
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.overrides import apply_overrides
from cnnsim.scenario.scenario import Scenario
from cnnsim.scenario.writing import draft_of, write_whole
from cnnsim.training.files import locked
from cnnsim.training.run import Run, open_run
from cnnsim.training.runfolder import FILES, FIRST, METRICS, SCENARIO

#: The name of a picture or of weights that the scenario began with; their endings differ.
_GIVEN = "given"


def create_run(
    folder: Path, scenario: Scenario, settings: Sequence[str] = (), anew: bool = False
) -> Run:
    """Make `folder` a run of `scenario` with `settings` applied, not yet trained.

    A folder that holds the same run, of however many epochs, is left as it is, unless it is to
    begin `anew`: then whatever run is there goes. Raises UsageError where it holds another run, or
    other files; CnnsimError where it cannot be written, or another process is training it.
    """
    where = printable(str(folder))
    text, sources = _frozen(scenario, settings)
    old = folder / SCENARIO
    try:
        if old.is_file() and not anew:
            run = open_run(folder)
            _check_same(run, text)
            return run
        # Read before anything goes: they may stand in this very folder.
        files = {name: _read(source) for name, source in sources.items()}
        if old.is_file():
            delete_run(folder)
        elif folder.is_dir() and not _files_of(folder).issuperset(folder.iterdir()):
            raise UsageError(f"{where} holds other files", "choose another folder with --out")
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_whole(folder / name, data)
        write_whole(folder / METRICS, b"")
        write_whole(old, text.encode())
    except OSError as error:
        raise CnnsimError(
            f"{where} cannot be written: {printable(error.strerror or str(error))}",
            "choose another folder with --out",
        ) from None
    return open_run(folder)


def _check_same(run: Run, text: str) -> None:
    """Raise UsageError where scenario `text` is that of another run."""
    before, after = tomllib.loads(run.scenario.text), tomllib.loads(text)
    for document in (before, after):
        # A run can be made longer.
        document["training"].pop("epochs", None)
    if difference := _difference(before, after):
        raise UsageError(
            f"the run in {printable(str(run.folder))} is another one: {difference}",
            "choose another folder with --out, or the same settings",
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
    names = {*FILES, *_given_names(folder / SCENARIO)}
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
    return {name for name in names if Path(name).stem == _GIVEN and text.startswith(FIRST)}


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
    return f"{FIRST}{scenario.name}\n{tomlkit.dumps(document)}", files


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
