"""Everything that can go wrong for a user, as one family of exceptions.

``cli.main`` is the one place that prints them; nothing else turns an exception into text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

#: Format characters that reorder or hide text in a terminal.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class CnnsimError(Exception):
    """A message for the user: what went wrong, where, and what to do.

    ``exit_code`` is 1 where a check or a run failed and 2 for bad usage or a bad file.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    @property
    def line(self) -> str:
        """Message and hint on one line, for lists of problems."""
        return "; ".join(str(self).split("\n"))


class UsageError(CnnsimError):
    """The command's words are off: a missing file, an option out of range."""

    exit_code = 2


class AddressError(UsageError):
    """An address that names no step of this scenario."""


class ShapeError(UsageError):
    """A layer that cannot take what comes in.

    With `is_count` the number of features is what does not fit, and the layer is the subject of the
    message: ``expects 9216 features and gets 6400``.
    """

    def __init__(self, layer: str, message: str, hint: str = "", is_count: bool = False) -> None:
        super().__init__(f"{layer}: {message}", hint)
        self.layer = layer
        self.bare_message = message
        self.is_count = is_count


@contextmanager
def clear_errors(what: str) -> Iterator[None]:
    """Make a CnnsimError of what the machine says no to: files, memory. `what` is at work."""
    try:
        yield
    except MemoryError:
        raise CnnsimError(f"there is not enough memory for {what}") from None
    except OSError as error:
        reason = printable(error.strerror or str(error))
        raise CnnsimError(f"{printable(str(error.filename or what))}: {reason}") from None


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file. ``line`` counts from 1; 0 means the file as a whole.

    Where the mistake was not made in the file, ``typed`` is what was: ``--set seed=x``.
    """

    field: str
    what: str
    line: int = 0
    path: tuple[str | int, ...] = ()
    typed: str = ""

    def located(self, file: str) -> str:
        """``file:line: field: what``, without the parts that are empty."""
        place = self.typed or (f"{file}:{self.line}" if self.line else file)
        field = "" if self.typed.startswith(f"--set {self.field}=") else self.field
        return ": ".join(part for part in (place, field, self.what) if part)


class MissingError(UsageError):
    """What was named is not there; whoever knows what else it may be says so in the hint."""


class FileError(UsageError):
    """All the mistakes of one file at once."""

    def __init__(self, file: str, problems: Sequence[Problem], hint: str = "") -> None:
        self.file = printable(file)
        self.problems = tuple(problems)
        super().__init__("\n".join(p.located(self.file) for p in self.problems), hint)


def printable(text: str, limit: int = 200) -> str:
    """`text` with every control, format and unassigned character written out, and cut."""
    shown = "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in _INVISIBLE else char
        for char in text[: limit + 1]
    )
    return shown if len(text) <= limit else shown[:limit] + "…"


def unprintable(text: str, allowed: str = "\n\t") -> str | None:
    """The first character of `text` that must not reach a terminal, as ``U+001B``, or None."""
    for char in text:
        if char not in allowed and unicodedata.category(char) in _INVISIBLE:
            # Joiners and variation selectors are part of ordinary text in many scripts.
            if char in "\u200c\u200d\ufe0e\ufe0f":
                continue
            return f"U+{ord(char):04X}"
    return None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """``, did you mean 'padding'?`` for the nearest of `names`, or nothing."""
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(word[:80].lower(), by_lower, n=1, cutoff=0.5)
    if not near:
        return ""
    return f", did you mean '{by_lower[near[0]]}'?"
