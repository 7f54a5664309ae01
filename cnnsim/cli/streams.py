"""Standard output and error: encodings, colour, and outputs that go away."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

from cnnsim.errors import CnnsimError

#: What an output without Unicode shows instead. Everything else becomes a question mark.
_STAND_INS = str.maketrans(
    {
        "·": "*", "×": "x", "→": "->", "−": "-", "–": "-", "—": "-", "…": "...", "∞": "inf",
        "✓": "ok", "✗": "FAILED", "√": "sqrt", "²": "^2", "°": " deg", "Σ": "sum", "⌊": "floor(",
        "⌋": ")", "⌈": "ceil(", "⌉": ")", "ε": "eps", "γ": "gamma", "β": "beta", "µ": "u",
        "•": "-", "─": "-", "━": "-", "│": "|", "’": "'", "‘": "'", "“": '"', "”": '"',
    }
)  # fmt: skip


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_STAND_INS)
    return "".join(char if char.isascii() else "?" for char in text), error.end


def prepare() -> None:
    """Let both outputs take any text, whatever their encoding. An empty NO_COLOR asks for nothing.

    That is what no-color.org says; libraries look whether the variable is there. A terminal of 0
    columns is one of unknown width, and rich would print nothing at all.
    """
    if not os.environ.get("COLUMNS", "1").strip("0"):
        del os.environ["COLUMNS"]
    if not os.environ.get("NO_COLOR", "set"):
        del os.environ["NO_COLOR"]
    codecs.register_error("cnnsim", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="cnnsim")


def output() -> TextIO:
    """Standard output. Raises CnnsimError where it is closed."""
    if sys.stdout is None:
        raise CnnsimError("standard output is closed")
    return sys.stdout


def flush() -> None:
    """Flush standard output; a full disk or a closed pipe shows here."""
    if sys.stdout is not None:
        sys.stdout.flush()


def forget_output() -> None:
    """Throw away what could not be written, so that Python does not try again at its end."""
    try:
        flush()
    except OSError:
        if sys.stdout is sys.__stdout__ and sys.stdout is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal; closed ones are not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def is_dumb() -> bool:
    """The terminal only prints characters, one after the other."""
    return os.environ.get("TERM", "") in ("dumb", "unknown")


def has_colour(stream: TextIO | None) -> bool:
    """Whether `stream` may get escape sequences."""
    return is_terminal(stream) and not is_dumb() and not os.environ.get("NO_COLOR")


def style(text: str, codes: str, stream: TextIO | None) -> str:
    """`text` in the style of the SGR `codes`, or as it is."""
    return f"\x1b[{codes}m{text}\x1b[0m" if has_colour(stream) else text


def has_unicode(stream: TextIO | None) -> bool:
    """Whether `stream` takes any character."""
    encoding = getattr(stream, "encoding", None) or ""
    return encoding.lower().replace("-", "").startswith("utf")
