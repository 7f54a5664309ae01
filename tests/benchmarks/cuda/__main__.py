"""``python -m tests.benchmarks.cuda [--only steps,models] [--minutes 7.5]``.

Every part runs in a process of its own and has its share of the time: an error of the GPU ends one
part and not the others, and so does a kernel that never ends. The last lines say what failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from time import perf_counter

from cnnsim.errors import CnnsimError
from tests.benchmarks.cuda.card import about
from tests.benchmarks.cuda.row import FAILED, WRONG, Row, failures, table

#: The parts in their order, with the share of the time that each may take; what one leaves over is
#: for those after it.
PARTS = {
    "compiling": 0.15,
    "ceilings": 0.05,
    "gradients": 0.10,
    "steps": 0.30,
    "models": 0.15,
    "accuracy": 0.10,
    "suite": 0.15,
}
#: What a part knows to be its time, of that after which it is ended.
_ITS_OWN = 0.9

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
        [*command, "--seconds", f"{_ITS_OWN * seconds:.0f}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Those that it starts end with it.
        start_new_session=True,
    ) as process:
        killer = threading.Timer(seconds, _kill, [process.pid])
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
    if code == -signal.SIGKILL:
        said = f"after {seconds:.0f} s"
    if code:
        row = Row(name, "the whole part", "did not end well", f"code {code}", FAILED, said[:120])
        rows.append(row)
    return rows


def _kill(group: int) -> None:
    """End a process and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


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
        measured = about()
    except CnnsimError as error:
        print(f"There is nothing to measure: {error.message}.", file=sys.stderr)
        return 1
    ends = perf_counter() + 60 * options.minutes
    rows: list[Row] = []
    for number, name in enumerate(chosen):
        left = ends - perf_counter()
        if left < 10:
            rows.append(Row(name, "the whole part", "not run", "", FAILED, "no time was left"))
            continue
        rows += run(name, left * PARTS[name] / sum(PARTS[each] for each in chosen[number:]))
    print(f"{datetime.now():%d %B %Y %H:%M}: {measured}\n{table(rows)}\n{failures(rows)}")
    return int(any(row.verdict in (WRONG, FAILED) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
