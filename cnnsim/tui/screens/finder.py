"""Looking for steps, and stopping at them while playing."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from cnnsim.errors import CnnsimError
from cnnsim.stepper.queries import Query, Searched, find_step, parse_query
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.screens.search import Outcome, SearchScreen

if TYPE_CHECKING:
    from cnnsim.tui.screens.stepping import SteppingScreen

#: Seconds that a search may take on the event loop, unnoticed.
_UNNOTICED = 0.05

_EXAMPLES = (
    "sign change   padding   relu closes   winner changes   nan   infinity\n"
    "largest   smallest   cell   > 2.5   = 0"
)


class _TooLongError(Exception):
    """A search would be noticed."""


class Finder:
    """Remembers what was looked for, and where playing stops."""

    def __init__(self, screen: SteppingScreen) -> None:
        self._screen = screen
        self._query: Query | None = None
        self._stop: Query | None = None
        # Where playing stops next, as seen from a step: (from, at).
        self._ahead: tuple[int, int | None] | None = None

    @property
    def breakpoint(self) -> str:
        """What playing stops at; nothing where it does not."""
        return self._stop.text if self._stop else ""

    def ask(self) -> None:
        """Ask what to look for, and go to the next one."""

        def answer(text: str | None) -> None:
            if text:
                self._query = parse_query(text)
                self.again(1)

        self._screen.app.push_screen(
            AskScreen(
                "find",
                _EXAMPLES,
                check=lambda text: parse_query(text).text,
                placeholder=self._query.text if self._query else "",
            ),
            answer,
        )

    def again(self, direction: int) -> None:
        """The next or previous one of what was looked for."""
        query = self._query
        if query is None:
            self.ask()
            return
        stepper, step, forward = self._screen.stepper, self._screen.step, direction > 0
        begun = monotonic()

        def impatient(searched: Searched) -> None:
            if monotonic() - begun > _UNNOTICED:
                raise _TooLongError

        def show(outcome: Outcome) -> None:
            if isinstance(outcome, CnnsimError):
                self._screen.tell(outcome.message)
            elif outcome is None:
                where = "after" if forward else "before"
                self._screen.tell(f"no {query.text} {where} this step")
            else:
                self._screen.go(outcome)

        try:
            show(find_step(stepper, step, query, forward, impatient))
        except _TooLongError:
            self._screen.app.push_screen(
                SearchScreen(
                    query.text,
                    lambda report: find_step(stepper, step, query, forward, report),
                ),
                show,
            )
        except CnnsimError as error:
            self._screen.complain(error)

    def ask_breakpoint(self) -> None:
        """Ask where playing stops; with one set, forget it."""
        if self._stop is not None:
            self._screen.tell(f"playing no longer stops at {self._stop.text}")
            self._stop = None
            self._screen.show_again()
            return

        def answer(text: str | None) -> None:
            if text:
                self._stop, self._ahead = parse_query(text), None
                self._screen.play()
                self._screen.tell(f"playing until {self._stop.text}; B again: no longer")

        self._screen.app.push_screen(
            AskScreen("play until", _EXAMPLES, check=lambda text: parse_query(text).text), answer
        )

    def forget(self) -> None:
        """The numbers have changed."""
        self._ahead = None

    def stop_between(self, step: int, target: int) -> int | None:
        """The first step after `step`, up to `target`, where playing stops."""
        if self._stop is None:
            return None
        if self._ahead is None or not self._covers(self._ahead, step):
            try:
                found = find_step(self._screen.stepper, step, self._stop, True)
            except CnnsimError:
                # Playing ends where the numbers do, and says so.
                found = None
            self._ahead = (step, found)
        at = self._ahead[1]
        return at if at is not None and step < at <= target else None

    @staticmethod
    def _covers(ahead: tuple[int, int | None], step: int) -> bool:
        """Whether what was found ahead is still the next one, seen from `step`."""
        start, at = ahead
        return start <= step and (at is None or step < at)
