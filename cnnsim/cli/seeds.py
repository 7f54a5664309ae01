"""``--seeds 0..9``, ``--seeds 3``, ``--seeds 0,2,5..7``."""

from __future__ import annotations

import re

from cnnsim.errors import UsageError, printable

#: More runs at once are a slip of the finger.
_MOST = 10_000


def parse_seeds(text: str) -> list[int]:
    """The seeds that `text` lists, in its order; a..b has both ends. Raises UsageError."""
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,18})\s*(?:\.\.\s*(\d{1,18})\s*)?", part)
        if match is None:
            raise UsageError(
                f"--seeds {printable(text, 60)}: '{printable(part, 40)}' is no seed",
                "for example --seeds 3, --seeds 0..9 or --seeds 0,2,5..7",
            )
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if last < first:
            raise UsageError(f"--seeds {printable(text, 60)}: {first} comes after {last}")
        if len(found) + last - first >= _MOST:
            raise UsageError(f"--seeds {printable(text, 60)}: {_MOST:,} runs are the most")
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)
