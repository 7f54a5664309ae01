"""What the home screen shows of the chosen scenario."""

from __future__ import annotations

from dataclasses import dataclass

from cnnsim.scenario.catalogue import Entry
from cnnsim.tui.drawing.plane import Plane


@dataclass(frozen=True)
class Preview:
    """A scenario at a glance.

    `matrices` are (name, shape, plane) of input, kernel and output, for small scenarios; `facts`
    are (label, text) lines; `trains` says whether it has pictures to train with.
    """

    source: str
    title: str
    about: str
    facts: tuple[tuple[str, str], ...]
    matrices: tuple[tuple[str, str, Plane], ...] = ()
    trains: bool = False


def preview_of_entry(entry: Entry) -> Preview:
    """What can be said before the file has been checked."""
    facts = [("goal", entry.goal), ("needs", entry.needs)]
    return Preview(entry.name, entry.title, entry.about, tuple(f for f in facts if f[1]))
