"""The tests of CUDA kernels, on the card."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.cuda.row import Row

TESTS = Path(__file__).parents[2]


def files() -> list[Path]:
    """Every file of tests that launches or compiles kernels."""
    kernels = sorted((TESTS / "kernels").glob("test_cuda_*.py"))
    return [*kernels, TESTS / "training" / "test_cohort.py"]


def measure(allowed: float) -> Iterator[Row]:
    """How many tests of each file pass."""
    for file in files():
        name = file.relative_to(TESTS).as_posix()
        try:
            finished = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
                cwd=TESTS.parent,
                capture_output=True,
                text=True,
                timeout=allowed,
                check=False,
            )
        except subprocess.TimeoutExpired:
            yield Row("suite", name, "not done", "", "WRONG", f"after {allowed:.0f} s")
            continue
        lines = finished.stdout.strip().splitlines() or finished.stderr.strip().splitlines()
        last = lines[-1] if lines else "nothing was said"
        yield Row("suite", name, last, "", "WRONG" if finished.returncode else "ok")
