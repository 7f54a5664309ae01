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

from cnnsim.kernels.kept import compiled


def powers(base, count):
    found = np.empty(count)
    for n in range(count):
        found[n] = math.pow(base, n)
    return found


def lengths(rows):
    return np.sqrt((rows * rows).sum(axis=1))


kept = compiled(powers, error_model="numpy")
first = kept(1.5, 4).tolist()
registered = "numba.np.arraymath" in sys.modules
others = compiled(lengths, keeps=False)
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

    right = [[1.0, 1.5, 2.25, 3.375], [5.0, 13.0]]
    assert run() == [*right, 0, True]
    # What has to be compiled then is compiled as ever.
    assert run() == [*right, 1, False]
