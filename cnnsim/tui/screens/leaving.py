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

    def asks(self) -> bool:
        """Whether work would be lost, which is said now, and nobody has said that it may."""
        work = self._screen.work()
        if self._is_meant or not work.state or work.state == self._kept:
            return False
        self._is_asked = True
        keeps = f": {work.keeps}" if work.keeps else ""
        self._screen.notify(
            f"{work.what} will be lost{keeps}; esc again leaves", timeout=_LONG, markup=False
        )
        return True
