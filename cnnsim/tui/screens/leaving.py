"""What is said before work is lost: leaving once more is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
    """Asks before a screen's work is lost. The same key again leaves; any other one stays."""

    def __init__(self, screen: BaseScreen) -> None:
        self._screen = screen
        self._kept: object = None
        self._is_asked = False
        self._is_meant = False

    def keep(self) -> None:
        """The work is kept, as it is now."""
        self._kept = self._screen.work().state

    def hear(self) -> None:
        """A key, before its action: only the next one after the question answers it."""
        self._is_meant, self._is_asked = self._is_asked, False
        if self._is_meant:
            self._screen.app.clear_notifications()

    def withdraw(self) -> None:
        """The question is asked no more."""
        self.hear()
        self._is_meant = False

    @property
    def lost(self) -> Work | None:
        """The work that nobody has kept."""
        work = self._screen.work()
        return work if work.state and work.state != self._kept else None

    def asks(self, lost: Work | None, again: str) -> bool:
        """Whether this is `lost` otherwise, which is said now, and nobody has said that it may.

        `again` says what the same key would do then. One that screens do not hear counts too.
        """
        if lost is None or self._is_meant or self._is_asked:
            return False
        self._is_asked = True
        keeps = f": {lost.keeps}" if lost.keeps else ""
        self._screen.notify(
            f"{lost.what} will be lost{keeps}; {again}", timeout=_LONG, markup=False
        )
        return True
