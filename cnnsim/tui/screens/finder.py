"""Looking for steps, and stopping at them while playing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from cnnsim.errors import CnnsimError
from cnnsim.stepper.queries import Query, Searched, find_step, parse_query
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.screens.search import Outcome, SearchScreen, SearchStoppedError

if TYPE_CHECKING:
    from cnnsim.tui.screens.stepping import SteppingScreen

#: Seconds that a search may take on the event loop, unnoticed.
_UNNOTICED = 0.05
#: Steps of an iteration whose tensors may be computed there.
_UNNOTICED_STEPS = 200_000

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

    def look_for(self, other: Finder) -> None:
        """What another one looks for, and stops at."""
        self._query, self._stop = other._query, other._stop

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
                check=lambda text: parse_query(text).sought,
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
        where = "after" if direction > 0 else "before"

        def show(outcome: Outcome) -> None:
            if isinstance(outcome, SearchStoppedError):
                self._screen.tell(outcome.message)
            elif isinstance(outcome, CnnsimError):
                self._screen.complain(outcome)
            elif outcome is None:
                self._screen.tell(f"no {query.sought} {where} this step")
            else:
                self._screen.go(outcome)

        try:
            show(self._at_once(query, direction > 0))
        except _TooLongError:
            self._in_thread(query, direction > 0, show)

    def _at_once(self, query: Query, forward: bool) -> Outcome:
        """The next step of `query`. Raises _TooLongError where the app would stand still."""
        stepper = self._screen.stepper
        steps = stepper.trace.steps_per_iteration
        may_compute = stepper.scenario.course is None and steps < _UNNOTICED_STEPS
        begun = monotonic()

        def impatient(searched: Searched) -> None:
            computes = searched.stage != "looking through"
            if (computes and not may_compute) or monotonic() - begun > _UNNOTICED:
                raise _TooLongError

        try:
            return find_step(stepper, self._screen.step, query, forward, impatient)
        except CnnsimError as error:
            return error

    def _in_thread(self, query: Query, forward: bool, show: Callable[[Outcome], None]) -> None:
        """Have `show` hear of the next step of `query` later; meanwhile it can be stopped."""
        stepper, step = self._screen.stepper, self._screen.step
        self._screen.app.push_screen(
            SearchScreen(
                query.text, lambda report: find_step(stepper, step, query, forward, report)
            ),
            show,
        )

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
            AskScreen(
                "play until   (B again: no longer)",
                _EXAMPLES,
                check=lambda text: parse_query(text).sought,
            ),
            answer,
        )

    def forget(self) -> None:
        """The numbers have changed."""
        self._ahead = None

    def looks_ahead(self) -> bool:
        """Whether it takes a while to find where playing stops; it goes on when that is known."""
        stop, step = self._stop, self._screen.step
        if stop is None or (self._ahead is not None and self._covers(self._ahead, step)):
            return False

        def know(outcome: Outcome) -> None:
            # Where it failed nothing is known to be ahead.
            self._ahead = (step, None if isinstance(outcome, CnnsimError) else outcome)

        def play_on(outcome: Outcome) -> None:
            if isinstance(outcome, SearchStoppedError):
                self._screen.show_again()
                self._screen.tell(outcome.message)
            else:
                know(outcome)
                self._screen.play()

        try:
            know(self._at_once(stop, True))
        except _TooLongError:
            self._in_thread(stop, True, play_on)
            return True
        return False

    def stop_between(self, step: int, target: int) -> int | None:
        """The first step after `step`, up to `target`, where playing stops."""
        if self._stop is None or self._ahead is None:
            return None
        at = self._ahead[1]
        return at if at is not None and step < at <= target else None

    @staticmethod
    def _covers(ahead: tuple[int, int | None], step: int) -> bool:
        """Whether what was found ahead is still the next one, seen from `step`."""
        start, at = ahead
        return start <= step and (at is None or step < at)
