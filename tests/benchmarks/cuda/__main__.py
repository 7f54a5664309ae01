"""``python -m tests.benchmarks.cuda [--only steps,models] [--minutes 8]``.

Every part runs in a process of its own: an error of the GPU ends one part and not the others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

from cnnsim.errors import UsageError
from cnnsim.kernels.cuda.device import find_device, is_simulated, memory
from tests.benchmarks.cuda.row import Row, table

#: The parts in their order, with the share of the time that each may take.
PARTS = {
    "ceilings": 0.05,
    "gradients": 0.10,
    "models": 0.20,
    "steps": 0.30,
    "accuracy": 0.15,
    "suite": 0.20,
}

Part = Callable[[float], Iterator[Row]]


def part_of(name: str) -> Part:
    """What measures a part, given the seconds that it has."""
    part: Part = import_module(f"tests.benchmarks.cuda.{name}").measure
    return part


def run(name: str, seconds: float) -> list[Row]:
    """Measure a part in another process; what it said until its time was over."""
    rows: list[Row] = []
    command = [sys.executable, "-m", "tests.benchmarks.cuda", "--part", name]
    with subprocess.Popen(
        [*command, "--seconds", f"{seconds:.0f}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        # It should end by itself; a kernel that hangs does not.
        killer = threading.Timer(1.5 * seconds + 15, process.kill)
        killer.start()
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"part"'):
                rows.append(Row(**json.loads(line)))
                print("  ".join(filter(None, rows[-1])), file=sys.stderr, flush=True)
            elif line.strip():
                said = line.strip()
        code = process.wait()
        killer.cancel()
    if code:
        rows.append(Row(name, "the whole part", "did not end well", f"code {code}", "WRONG", said))
    return rows


def card() -> str:
    """The GPU and what drives it, in a line. Raises UsageError where there is none."""
    if is_simulated():
        raise UsageError("times of the simulator mean nothing")
    gpu = find_device()
    versions = []
    for package in ("numba", "numba-cuda", "cuda-bindings", "torch", "numpy"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    size = memory().total / 1e9
    return f"{gpu.name}, sm_{gpu.capability[0]}{gpu.capability[1]}, {size:.0f} GB; " + ", ".join(
        versions
    )


def main() -> int:
    """Measure and print; 1 where something is wrong, or there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cuda", description=__doc__)
    parser.add_argument("--only", metavar="PARTS", help=f"of {','.join(PARTS)}; default: all")
    parser.add_argument("--minutes", type=float, default=7.5, help="for all of it (default: 7.5)")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        for row in part_of(options.part)(options.seconds):
            print(json.dumps(row._asdict()), flush=True)
        return 0
    chosen = options.only.split(",") if options.only else list(PARTS)
    for name in chosen:
        if name not in PARTS:
            parser.error(f"no part '{name}'; there are {', '.join(PARTS)}")
    try:
        about = card()
    except UsageError as error:
        print(f"There is nothing to measure: {error.message}.", file=sys.stderr)
        return 1
    ends = perf_counter() + 60 * options.minutes
    rows: list[Row] = []
    for number, name in enumerate(chosen):
        left = ends - perf_counter()
        # Time that a part leaves over is for those after it.
        share = PARTS[name] / sum(PARTS[each] for each in chosen[number:])
        if left < 10:
            rows.append(Row(name, "the whole part", "not run", "", "", "no time was left"))
            continue
        rows += run(name, left * share)
    print(f"{datetime.now():%d %B %Y %H:%M}: {about}\n{table(rows)}")
    return int(any(row.verdict == "WRONG" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
