"""The engine of the GPU without one: its kernels run in Numba's simulator, in their own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_the_simulator_finds_nothing_wrong() -> None:
    # The simulator replaces numba.cuda when that is first imported: not in this process.
    rooms = [TESTS.parent, TESTS, TESTS / "kernels", TESTS / "training"]
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
         str(TESTS / "kernels" / "cuda" / "simulated.py"),
         str(TESTS / "kernels" / "cuda" / "simulated_runs.py")],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "NUMBA_ENABLE_CUDASIM": "1",
            "PYTHONPATH": os.pathsep.join(map(str, rooms)),
        },
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
