"""The program's own command, timed from its start to its end."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any, NamedTuple

from cnnsim.errors import CnnsimError


class Told(NamedTuple):
    """What a command said: its JSON objects; and seconds from start to end."""

    rows: list[dict[str, Any]]
    seconds: float


def train(*words: str, timeout: float) -> Told:
    """``cnnsim train … --json`` in a folder of its own. Raises CnnsimError where it fails."""
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
            raise CnnsimError(f"not done after {timeout:.0f} s") from None
        took = perf_counter() - began
    if finished.returncode:
        said = finished.stderr.strip().splitlines()
        raise CnnsimError(said[-1] if said else f"code {finished.returncode}, and no reason")
    return Told([json.loads(line) for line in finished.stdout.splitlines()], took)
