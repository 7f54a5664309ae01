"""Guessing what comes next, and the questions of a tour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnsim.stepper.guess import Score, guessed_step, parse_guess
from cnnsim.tui.screens.ask import AskScreen
from cnnsim.tui.stage.question import question, verdict

if TYPE_CHECKING:
    from cnnsim.tui.screens.stepping import SteppingScreen

_COMPUTING = "the next value is still being computed"


class Guesser:
    """Asks, judges, counts."""

    def __init__(self, screen: SteppingScreen) -> None:
        self._screen = screen
        self.score = Score()
        #: Whether a question waits for its answer, which nothing may give away.
        self.is_asking = False
        #: What the guess of the step that is shown was worth.
        self.verdict = ""

    def ask(self, unit: str, skip_padding: bool) -> None:
        """Ask for the next value; with larger units for that of the whole cell."""
        screen = self._screen
        target = guessed_step(screen.stepper, screen.step, unit, skip_padding)
        if target is None:
            screen.tell("this is the last step: there is nothing left to guess")
        elif screen.stepper.reopened(target)[0] is not screen.stepper:
            screen.tell("the next update has a batch of another size: step into it first")
        elif screen.needs(target):
            screen.tell(_COMPUTING)
        else:
            whole = unit != "product"
            title = "guess the value of the cell" if whole else "guess the next value"
            self._ask(target, title, question(screen.look(target), whole), whole)

    def ask_at(self, target: int, text: str, whole: bool) -> None:
        """Ask a tour's question about step `target`, or about its `whole` cell, before that."""
        screen = self._screen
        before = target - 1
        if whole:
            position = screen.stepper.trace.position(target)
            first = position._replace(tap=(0,) * len(position.tap))
            before = screen.stepper.trace.step(first) - 1
        if before >= 0 and not screen.needs(before):
            screen.go(before)
        title = "a question of the tour"
        if screen.edits:
            # Its words are about the numbers in the file.
            if screen.needs(target):
                screen.tell(_COMPUTING)
                return
            title, text = f"{title}, with your numbers", question(screen.look(target), whole)
        # Who leafs through the notes goes on doing so.
        keys = screen.cnnsim.keys.get("tour.next", "n").split(",")
        self._ask(target, title, text, whole, frozenset(keys))

    def _ask(
        self, target: int, title: str, text: str, whole: bool, skips: frozenset[str] = frozenset()
    ) -> None:
        screen = self._screen
        key = next((f" or {key}" for key in sorted(skips) if len(key) == 1), "")

        def answer(typed: str | None) -> None:
            self.is_asking = False
            if typed is None:
                screen.show_again()
                return
            screen.go(target)
            if not typed or screen.view is None:
                return
            guess = parse_guess(typed)
            self.score.count(guess.is_right(screen.view.reading.after))
            self.verdict = verdict(screen.view, guess, whole)
            screen.show_again()
            if not screen.board.shows_note:
                screen.notify(self.verdict, timeout=8, markup=False)

        def check(typed: str) -> str:
            parse_guess(typed)
            return "enter gives this answer"

        self.is_asking = True
        screen.show_again()
        hint = f"enter{key} without a number shows it   esc leaves it open"
        screen.app.push_screen(AskScreen(title, hint, check, text=text, skips=skips), answer)
