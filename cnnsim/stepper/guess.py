"""Guessing the next value: what is asked, and whether a typed number is right."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from cnnsim.errors import UsageError, printable
from cnnsim.stepper.stepper import Stepper

#: What a rounded guess may be off by, relative to the value.
_NEAR = 0.05

_NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?|([+-]?)\.(\d+)", re.IGNORECASE)
_RATIO = re.compile(r"([+-]?\d{1,15})/(\d{1,15})")
_WORDS = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "∞": math.inf, "-∞": -math.inf,
          "nan": math.nan}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guess:
    """A number as it was typed.

    Attributes:
        value: the number.
        place: half a unit of its last digit; 0 for a ratio, which is exact.
    """

    value: float
    place: float

    def is_right(self, truth: float) -> bool:
        """Whether `truth`, rounded as the guess is, is the guess.

        A guess with fewer digits than make sense is wrong: 3 is not 2.718, 2.7 is.
        """
        if math.isnan(truth) or math.isnan(self.value):
            return math.isnan(truth) and math.isnan(self.value)
        if math.isinf(truth) or math.isinf(self.value):
            return truth == self.value
        off = abs(truth - self.value)
        exact = 1e-9 * max(abs(truth), abs(self.value))
        return off <= exact or (off <= self.place * (1 + 1e-9) and off <= _NEAR * abs(truth))


def parse_guess(text: str) -> Guess:
    """``-3``, ``0.25``, ``1/3``, ``2e-4``; ``,`` counts as a point. Raises UsageError."""
    cleaned = "".join(text.lower().split()).replace("−", "-").replace(",", ".")
    if cleaned in _WORDS:
        return Guess(_WORDS[cleaned], 0.0)
    if (match := _RATIO.fullmatch(cleaned)) and int(match[2]):
        return Guess(float(Fraction(int(match[1]), int(match[2]))), 0.0)
    if match := _NUMBER.fullmatch(cleaned):
        decimals = len(match[6] if match[6] is not None else match[3] or "")
        value = float(cleaned)
        if math.isinf(value):
            raise UsageError(f"'{printable(text, 40)}' is too large", "for infinity type inf")
        # float() takes an exponent of any size, the power operator does not.
        return Guess(value, 0.5 * float(f"1e{int(match[4] or 0) - decimals}"))
    raise UsageError(f"'{printable(text, 40)}' is no number", "for example −3, 0.25 or 1/3")


def guessed_step(stepper: Stepper, step: int, unit: str, skip_padding: bool = False) -> int | None:
    """The step whose result is guessed at `step`: the next one, or with larger units the last of
    the next cell; None at the end.
    """
    if unit == "product":
        target = stepper.move(step, unit, True, skip_padding)
    else:
        position = stepper.trace.position(step)
        taps = stepper.trace.sweep_of(position).taps
        last = tuple(extent - 1 for extent in taps)
        target = stepper.trace.step(position._replace(tap=last))
        if target == step and step + 1 < len(stepper.trace):
            return guessed_step(stepper, step + 1, unit, skip_padding)
    return target if target != step else None


@dataclass
class Score:
    """How many guesses were right, of how many."""

    right: int = 0
    asked: int = 0

    def count(self, is_right: bool) -> None:
        """One more."""
        self.right += is_right
        self.asked += 1
