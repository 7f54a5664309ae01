"""What a person did, as the tour of a scenario file."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from cnnsim.errors import UsageError, printable
from cnnsim.scenario.leaves import beside
from cnnsim.scenario.writing import write_whole
from cnnsim.stepper.edits import Edits
from cnnsim.stepper.replay import visit
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.entry import format_entry


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step that was looked at, and a note on it."""

    step: int
    say: str = ""


class Recording:
    """The steps that were looked at, in order. A step may come again, but not twice in a row."""

    def __init__(self, stops: Sequence[Recorded] = ()) -> None:
        self._stops = list(stops)

    def __len__(self) -> int:
        return len(self._stops)

    @property
    def stops(self) -> tuple[Recorded, ...]:
        """What has been recorded."""
        return tuple(self._stops)

    def see(self, step: int, say: str = "") -> None:
        """The step that is shown now, with the note that the tour has on it."""
        if not self._stops or self._stops[-1].step != step:
            self._stops.append(Recorded(step, say))

    def note(self, step: int, say: str) -> None:
        """Put a note on `step`, which is shown now."""
        self.see(step)
        self._stops[-1] = Recorded(step, say)

    def note_at(self, step: int) -> str:
        """The note on the latest stop at `step`; empty where there is none."""
        return next((stop.say for stop in reversed(self._stops) if stop.step == step), "")


def save_recording(stepper: Stepper, edits: Edits, recording: Recording, path: Path) -> int:
    """Write the scenario with the recorded stops as its tour; returns how many there are.

    Every stop expects what its step says now. Numbers that were edited go into ``[edits]``. The
    file is read again and replayed before it is kept. Raises UsageError where it cannot be written
    or is there already.
    """
    if os.path.lexists(path):
        raise UsageError(f"{printable(str(path))} is there already", "choose another name")
    text = recorded_text(stepper, edits, recording, path)
    _check(text, path)
    try:
        write_whole(path, text.encode())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"{printable(str(path))} cannot be written: {why}", "choose another name or folder"
        ) from None
    return len(recording)


def _check(text: str, path: Path) -> None:
    """The written scenario says the same at every stop. Raises CnnsimError where it does not."""
    from cnnsim.scenario.reader import parse_scenario

    again = Stepper(parse_scenario(path.stem, text, path))
    for number, stop in enumerate(again.scenario.tour):
        if not visit(again, number, stop).ok:
            raise UsageError(f"stop {number + 1} of the recording would not replay: {stop.at}")


def recorded_text(stepper: Stepper, edits: Edits, recording: Recording, path: Path) -> str:
    """The file's text with another tour, and with paths as seen from `path`."""
    scenario = stepper.scenario
    document = tomlkit.parse(scenario.text)
    for table, key in ((document.get("input"), "image"), (document, "weights")):
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = _moved(beside(scenario.path, str(table[key])), path)
    document.pop("tour", None)
    changed = {
        format_entry(tensor, index): float(value)
        for (tensor, index), value in edits.present.items()
    }
    if changed:
        kept = document.pop("edits", {})
        table = tomlkit.table()
        table.update({**kept, **changed})
        document["edits"] = table
    tour = tomlkit.aot()
    for stop in recording.stops:
        tour.append(_stop(stepper, stop))
    document["tour"] = tour
    return tomlkit.dumps(document)


def _moved(file: Path, path: Path) -> str:
    """`file` as seen from the folder of `path`."""
    return os.path.relpath(file.resolve(), path.parent.resolve()).replace(os.sep, "/")


def _stop(stepper: Stepper, stop: Recorded) -> Table:
    reading = stepper.read(stop.step)
    table = tomlkit.table()
    table["at"] = reading.address
    if stop.say:
        table["say"] = tomlkit.string(stop.say, multiline="\n" in stop.say)
    expect: InlineTable = tomlkit.inline_table()
    if reading.term is not None:
        expect["term"] = _number(reading.term)
    expect["after"] = _number(reading.after)
    table["expect"] = expect
    return table


def _number(value: float) -> Any:
    """A float that TOML writes with all its digits; whole ones without a point."""
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    is_minus_zero = value == 0 and math.copysign(1, value) < 0
    return int(value) if whole and not is_minus_zero else value
