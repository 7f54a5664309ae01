"""The program's own command, timed from its start to its end."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any, NamedTuple


class Told(NamedTuple):
    """How a command ended: its JSON objects, and seconds from start to end."""

    rows: list[dict[str, Any]]
    seconds: float
    error: str


def train(*words: str, timeout: float) -> Told:
    """``cnnsim train … --json`` in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        try:
            finished = subprocess.run(
                [sys.executable, "-m", "cnnsim", "train", *words, "--out", folder, "--json"],
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Told([], perf_counter() - began, f"not done after {timeout:.0f} s")
        rows = [json.loads(line) for line in finished.stdout.splitlines()]
        said = finished.stderr.strip().splitlines()
        error = (said[-1] if said else "no reason") if finished.returncode else ""
        return Told(rows, perf_counter() - began, error)
