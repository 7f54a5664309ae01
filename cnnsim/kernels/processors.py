"""How many threads can run at once."""

from __future__ import annotations

import os


def processors() -> int:
    """How many threads can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
