"""``cnnsim bench``: what this machine reaches."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cnnsim.cli.interrupt import leaving_at_once
from cnnsim.cli.options import INTEGER, Json
from cnnsim.cli.output import Column, emit, print_table
from cnnsim.cli.progress import Narrator
from cnnsim.cli.source import NO_TOUR, read
from cnnsim.cli.streams import output
from cnnsim.errors import UsageError

#: The networks whose kernels and steps are measured.
_NETS = ("mnist_lenet", "digits_cnn")
_COLUMNS = [
    Column("what"),
    Column("of"),
    Column("threads", right=True),
    Column("GFLOP/s", right=True),
    Column("of ceiling", right=True),
    Column("ms", right=True),
    Column("images/s", right=True),
]


def bench(
    *,
    threads: Annotated[
        int | None, INTEGER, Parameter(help="Threads at most; default: every processor.")
    ] = None,
    json: Json = False,
) -> int:
    """Measure what this machine reaches, kernel by kernel, beside its ceiling."""
    if threads is not None and threads < 1:
        raise UsageError(f"--threads should be 1 or more, not {threads}")
    with leaving_at_once(), Narrator("loading the kernels") as narrator:
        from cnnsim.kernels.measure import measurements
        from cnnsim.kernels.processors import processors

        nets = {name: read(name, (NO_TOUR,)).iteration for name in _NETS}
        most = min(threads or processors(), processors())
        rows = []
        for found in measurements(nets, most, narrator):
            if json:
                emit(found.as_dict())
                output().flush()
            images = found.images_per_second
            rows.append(
                (
                    f"step, {found.name}" if found.what == "step" else found.name,
                    found.of,
                    found.threads,
                    f"{found.gflops:.1f}",
                    f"{found.share:.0%}",
                    f"{found.milliseconds:.3g}",
                    "" if images is None else f"{images:,.0f}",
                )
            )
    if not json:
        print_table(_COLUMNS, rows)
    return 0
