"""``python -m tests.benchmarks [--only start,redraw] [--runs N] [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

from tests.benchmarks.figure import Figure, table
from tests.benchmarks.sandbox import Sandbox, machine

Group = Callable[[int], Iterator[Figure]]


def groups() -> dict[str, Group]:
    """The groups, quick ones first."""
    from tests.benchmarks.alexnet import alexnet, memory
    from tests.benchmarks.busy import busy
    from tests.benchmarks.keys import keys
    from tests.benchmarks.pen import pen
    from tests.benchmarks.redraw import redraw
    from tests.benchmarks.start import lessons, start
    from tests.benchmarks.stepping import reading, steps

    every: tuple[Group, ...] = (
        start, lessons, redraw, keys, pen, busy, reading, steps, alexnet, memory,
    )  # fmt: skip
    return {group.__name__: group for group in every}


def main() -> int:
    """Measure and print; 1 where something could not be measured. A missed budget is no failure."""
    known = groups()
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure what the program reaches on this machine, beside its budgets.",
    )
    parser.add_argument("--only", metavar="GROUPS", help=f"of {','.join(known)}; default: all")
    parser.add_argument("--runs", type=int, default=9, help="runs of each process (default: 9)")
    parser.add_argument("--json", action="store_true", help="JSON Lines")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(known)
    for name in chosen:
        if name not in known:
            parser.error(f"no group '{name}'; there are {', '.join(known)}")
    if options.runs < 1:
        parser.error("--runs should be 1 or more")
    about = machine()
    if options.json:
        print(json.dumps(about), flush=True)
    else:
        packages = "  ".join(f"{name} {version}" for name, version in about["packages"].items())
        print(f"{about['cpu']}, {about['cores']} cores, load {about['load']}, {about['system']}")
        print(f"python {about['python']}  {packages}\n")
    figures: list[Figure] = []
    code = 0
    with Sandbox() as sandbox:
        sandbox.enter_here()
        for name in chosen:
            started = perf_counter()
            try:
                for figure in known[name](options.runs):
                    figures.append(figure)
                    if options.json:
                        print(json.dumps(figure.as_dict()), flush=True)
            except Exception as error:  # noqa: BLE001  (the other groups still run)
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
                code = 1
            print(f"{name}: {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    if figures and not options.json:
        print(table(figures))
    return code


if __name__ == "__main__":
    sys.exit(main())
