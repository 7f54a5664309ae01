"""Compiled code that was kept is loaded without what only the compiler needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json
import math
import sys

import numpy as np

from cnnsim.kernels.jit import cached_njit


def powers(base, count):
    found = np.empty(count)
    for n in range(count):
        found[n] = math.pow(base, n)
    return found


def lengths(rows):
    return np.sqrt((rows * rows).sum(axis=1))


def checked(number):
    if number < 0:
        raise ValueError("below 0")
    return number


kept = cached_njit(powers, error_model="numpy")
first = [kept(1.5, 4).tolist(), kept(2, 3).tolist()]
raising = cached_njit(checked)
try:
    raising(-1)
except ValueError as error:
    first.append(str(error))
registered = "numba.np.arraymath" in sys.modules
others = cached_njit(lengths, caches=False)
second = others(np.array([[3.0, 4.0], [5.0, 12.0]])).tolist()
hits = sum(kept.stats.cache_hits.values())
print(json.dumps([first, second, hits, registered]))
"""


def test_it_is_loaded_without_the_compilers_registries(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    def run() -> list[object]:
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        )  # fmt: skip
        found: list[object] = json.loads(done.stdout)
        return found

    right = [[[1.0, 1.5, 2.25, 3.375], [1.0, 2.0, 4.0], "below 0"], [5.0, 13.0]]
    assert run() == [*right, 0, True]
    # What has to be compiled then is compiled as ever.
    assert run() == [*right, 2, False]


def test_a_warm_start_trains_without_them(tmp_path: Path) -> None:
    """What is measured as the first epoch of a command rests on this."""
    program = """
import sys
from cnnsim.cli import main
main(["train", "digits_cnn", "--epochs", "1", "--json", "--threads", "1", "--out", sys.argv[1]])
print("numba.np.arraymath" in sys.modules)
"""

    def registered(run: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / run],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()[-1]

    registered("first")
    assert registered("second") == "False"
