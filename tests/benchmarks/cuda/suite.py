"""The tests of CUDA kernels, on the card."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.benchmarks.cuda.row import Row

TESTS = Path(__file__).parents[2]


def files() -> list[Path]:
    """Every file of tests that launches kernels; those that only compile them need no card."""
    return [file for file in sorted(TESTS.rglob("test_cuda_*.py")) if "code" not in file.stem]


def measure(allowed: float) -> Iterator[Row]:
    """How many tests of each file pass; the files run side by side, for they wait for compilers."""
    ends = perf_counter() + allowed
    running = {
        file.relative_to(TESTS).as_posix(): subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", str(file)],
            cwd=TESTS.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for file in files()
    }
    for name, process in running.items():
        try:
            said, _ = process.communicate(timeout=max(1.0, ends - perf_counter()))
        except subprocess.TimeoutExpired:
            process.kill()
            yield Row("suite", name, "not done", "", "WRONG", f"after {allowed:.0f} s")
            continue
        last = (said.strip().splitlines() or ["nothing was said"])[-1]
        yield Row("suite", name, last, "", "WRONG" if process.returncode else "ok")
