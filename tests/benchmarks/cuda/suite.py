"""The tests of CUDA kernels, on the card."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.cuda.card import processes
from tests.benchmarks.cuda.row import FAILED, WRONG, Row

TESTS = Path(__file__).parents[2]
#: What pytest says of a test that one of its processes has run: ``[gw3] [ 12%] PASSED FILE::…``.
_SAID = re.compile(r"\[gw\d+\] \[ *\d+%\] ([A-Z]+) ((\S+?)::.*\S)")
_BAD = {"failed", "error"}


def files() -> list[str]:
    """Every file of tests that launches kernels; those that only compile them need no card."""
    return [str(file) for file in sorted(TESTS.rglob("test_cuda_*.py")) if "code" not in file.stem]


def measure(allowed: float) -> Iterator[Row]:
    """How many tests of each file pass; they run side by side, for they wait for compilers."""
    command = [sys.executable, "-m", "pytest", "-vv", "-n", str(processes())]
    command += ["--dist", "worksteal", "-p", "no:cacheprovider", "-rN", "--tb=no", *files()]
    counts: dict[str, Counter[str]] = {}
    with subprocess.Popen(
        command, cwd=TESTS.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        killer = threading.Timer(allowed, process.kill)
        killer.start()
        last = ""
        assert process.stdout is not None
        for line in process.stdout:
            last = line.strip() or last
            if (said := _SAID.match(line)) is not None:
                verdict, test, file = said[1].lower(), said[2], said[3]
                counts.setdefault(file, Counter())[verdict] += 1
                if verdict in _BAD:
                    yield Row("suite", test, verdict, "", WRONG)
        code = process.wait()
        killer.cancel()
    for file, count in sorted(counts.items()):
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
        yield Row("suite", file, told, "", WRONG if _BAD & set(count) else "ok")
    if code < 0:
        yield Row("suite", "the rest", "not done", "", FAILED, f"after {allowed:.0f} s")
    elif not counts or code > 1:
        yield Row("suite", "all", "not run", "", FAILED, last[:120])
