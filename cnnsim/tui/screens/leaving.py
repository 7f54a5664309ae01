"""What is said before work is lost: leaving once more is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.screen import Screen

if TYPE_CHECKING:
    from cnnsim.tui.screens.base import BaseScreen

#: Seconds that the question stays: until a key or a click withdraws it.
_LONG = 3600.0


class Work(NamedTuple):
    """What a person did on a screen, and no other screen or file has.

    Attributes:
        what: what is lost, such as ``your drawing``.
        keeps: the key that keeps it, and how; empty where none does.
        state: differs where the work does, and is false where there is none.
    """

    what: str = ""
    keeps: str = ""
    state: object = None


class Leaving:
    """Asks before a screen's work is lost. The same once more leaves; anything else stays."""

    def __init__(self, screen: BaseScreen) -> None:
        self._screen = screen
        self._kept: object = None
        # What was said that once more does, and what the key that is pressed has said so of.
        self._asked = self._meant = ""

    def keep(self) -> None:
        """The work is kept, as it is now."""
        self._kept = self._screen.work().state

    def hear(self) -> None:
        """A key, before its action: only the next one after the question answers it."""
        self._meant, self._asked = self._asked, ""
        if self._meant:
            self._screen.app.clear_notifications()

    def withdraw(self) -> None:
        """The question is asked no more."""
        self.hear()
        self._meant = ""

    @property
    def lost(self) -> list[Work]:
        """The work that nobody has kept."""
        work = self._screen.work()
        return [work] if work.state and work.state != self._kept else []

    def asks(self, lost: Sequence[Work], again: str) -> bool:
        """Whether this is `lost` otherwise, which is said now, and nobody has said that it may.

        `again` says what the same key would do then. One that screens do not hear counts too.
        """
        if not lost or again in (self._meant, self._asked):
            return False
        self._asked = again
        what = " and ".join(dict.fromkeys(work.what for work in lost))
        keeps = f": {lost[0].keeps}" if len(lost) == 1 and lost[0].keeps else ""
        self._screen.notify(f"{what} will be lost{keeps}; {again}", timeout=_LONG, markup=False)
        return True


def asks_before(leaving: Callable[[], object], left: Sequence[Screen[Any]], again: str) -> bool:
    """Whether `leaving` these screens would lose work of theirs, which is asked about now."""
    from cnnsim.tui.screens.base import BaseScreen

    screens = [screen for screen in left if isinstance(screen, BaseScreen)]
    if any(screen.asks_before(leaving) for screen in screens):
        return True
    lost = [work for screen in screens for work in screen.leaving.lost]
    return bool(screens) and screens[-1].leaving.asks(lost, again)
