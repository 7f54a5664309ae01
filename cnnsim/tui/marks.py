"""Where one was in each scenario, and which lessons are done. Kept between sessions."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_state_path

from cnnsim.scenario.files import obstacle
from cnnsim.scenario.writing import write_whole

if TYPE_CHECKING:
    from cnnsim.scenario.scenario import Scenario

#: Recent scenarios that are remembered.
_KEPT = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """The last step looked at, its address, and the farthest step reached of how many.

    Of a run all three are updates.
    """

    step: int
    address: str
    farthest: int
    steps: int

    @property
    def is_done(self) -> bool:
        """The last step has been seen, or the last stop of the tour."""
        return self.farthest >= self.steps - 1

    @property
    def is_update(self) -> bool:
        """Whether `step` is an update, with which the address begins then."""
        return self.address.startswith(f"{self.step}:")


class Marks:
    """Marks by scenario. A file that cannot be read or written is as good as none."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_state_path("cnnsim") / "marks.json"
        self._marks = self._stored()
        # What this process has put: the others may belong to another window by now.
        self._ours: set[str] = set()

    def _stored(self) -> dict[str, Mark]:
        """What the file holds; nothing where it cannot be read."""
        if obstacle(self.path):
            return {}
        try:
            stored = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        marks = (
            ((name, _mark_of(fields)) for name, fields in stored.items())
            if isinstance(stored, dict)
            else ()
        )
        return {name: mark for name, mark in marks if mark is not None}

    def get(self, scenario: str) -> Mark | None:
        """The mark of a scenario, by its bundled name or full path."""
        return self._marks.get(scenario)

    def recent(self) -> list[tuple[str, Mark]]:
        """All marks, the latest first."""
        return list(reversed(self._marks.items()))

    def put(self, scenario: str, step: int, address: str, steps: int, is_end: bool = False) -> None:
        """Remember a step as the latest; with `is_end` nothing is left to see after it."""
        old = self._marks.pop(scenario, None)
        reached = steps - 1 if is_end else step
        farthest = max(reached, old.farthest if old and old.steps == steps else 0)
        self._marks[scenario] = Mark(step, address, farthest, steps)
        self._ours.add(scenario)

    def save(self) -> None:
        """Write the marks, in one piece or not at all; those of other windows stay."""
        merged = self._stored()
        for name in [name for name in self._marks if name in self._ours]:
            mark, other = self._marks[name], merged.pop(name, None)
            if other is not None and other.steps == mark.steps:
                mark = replace(mark, farthest=max(mark.farthest, other.farthest))
            merged[name] = mark
        marks = dict(list(merged.items())[-_KEPT:])
        text = json.dumps(
            {name: [mark.step, mark.address, mark.farthest, mark.steps]
             for name, mark in marks.items()},
            indent=1,
        )  # fmt: skip
        # A home that cannot be written must not keep anyone from stepping.
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, text.encode())


def _mark_of(fields: Any) -> Mark | None:
    if not isinstance(fields, list) or len(fields) != 4:
        return None
    step, address, farthest, steps = fields
    whole = all(type(number) is int for number in (step, farthest, steps))
    if not whole or not isinstance(address, str) or not address.isprintable():
        return None
    return Mark(*fields) if 0 <= step < steps and 0 <= farthest < steps else None


def scenario_key(scenario: Scenario) -> str:
    """Under what name it is remembered: bundled name, full path, or the folder of its run."""
    from cnnsim.scenario.bundled import bundled_folder

    if scenario.path is None:
        return scenario.name
    path = scenario.path.resolve()
    if scenario.course is not None:
        return str(path.parent)
    return scenario.name if path.parent == bundled_folder().resolve() else str(path)
