"""``cnnsim replay --steps``: every step of a range, in constant memory."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnnsim.cli.output import csv_lines, number_name, to_json
from cnnsim.cli.progress import Narrator
from cnnsim.cli.rows import Row, step_blocks
from cnnsim.cli.sentence import finish_text, fold_text, term_text
from cnnsim.cli.source import read
from cnnsim.cli.streams import output
from cnnsim.errors import UsageError, printable
from cnnsim.kernels.fill import Progress
from cnnsim.stepper.queries import Query, Searched, every_step, parse_query
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import bracketed, format_address, parse_address
from cnnsim.steps.fields import FIELDS
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Trace

#: More steps than this are printed with --all only.
MOST = 1_000_000


def print_steps(
    source: str,
    settings: Sequence[str],
    start: str | None,
    stop: str | None,
    find: str | None,
    everything: bool,
    json: bool,
    csv: bool,
) -> None:
    """Print the steps from address `start` to `stop`, both included; None means the first, last.

    With `find` only those where that query holds. Raises AddressError where an address names
    nothing, UsageError where the query does or there are too many steps.
    """
    query = None if find is None else parse_query(find)
    scenario = read(source, settings, tour=False, at=start)
    trace = scenario.trace
    first = 0 if start is None else parse_address(trace, start)
    last = len(trace) - 1 if stop is None else parse_address(trace, stop, end=True)
    count = last - first + 1
    if count < 1:
        raise UsageError(
            f"--from is step {first:,} and --to is step {last:,}, which comes before it",
            "turn them round",
        )
    if count > MOST and not everything and query is None:
        raise UsageError(
            f"these are {count:,} steps of {scenario.name}; more than {MOST:,} are not printed",
            "name a range with --from and --to, or add --all",
        )
    with Narrator("drawing the weights"):
        stepper = Stepper(scenario)
    with Narrator("computing") as narrator:
        begin = trace.position(first).iteration
        values = stepper.iterations.at(begin, narrator)
        values.compute(_needed(trace, first, last), narrator)
    if query is None:
        blocks = step_blocks(stepper, first, last)
    else:
        blocks = _found(stepper, first, last, query, everything)
    if stepper.scenario.course is not None:
        blocks = _with_trained(stepper, blocks)
    if csv:
        csv_lines([list(FIELDS)])
        for _, rows in blocks:
            csv_lines(map(_csv_row, rows))
    elif json:
        for _, rows in blocks:
            output().write("".join([to_json(row) + "\n" for row in rows]))
    else:
        for line in _aligned(blocks, _widths(trace, first, last)):
            output().write(line)


def _with_trained(
    stepper: Stepper, blocks: Iterator[tuple[Sweep, list[Row]]]
) -> Iterator[tuple[Sweep, list[Row]]]:
    """The same with what training made of a cell, where one of a run is complete."""
    for sweep, rows in blocks:
        for row in rows:
            position = stepper.trace.position(row["step"])
            if position.tap == tuple(extent - 1 for extent in sweep.taps):
                row["trained"] = stepper.trained(position)
        yield sweep, rows


def _found(
    stepper: Stepper, first: int, last: int, query: Query, everything: bool
) -> Iterator[tuple[Sweep, list[Row]]]:
    """The rows of the steps where `query` holds, one by one."""
    with Narrator(f"looking for {query.text}") as narrator:

        def report(searched: Searched) -> None:
            narrator(Progress(searched.stage, searched.sweep, searched.share))

        count = 0
        for count, step in enumerate(every_step(stepper, first, last, query, report), 1):
            if count > MOST and not everything:
                raise UsageError(
                    f"there are more than {MOST:,} of them",
                    "name a range with --from and --to, or add --all",
                )
            yield from step_blocks(stepper, step, step)
    if not count:
        print(f"no {query.sought} in these steps", file=sys.stderr)


def _needed(trace: Trace, first: int, last: int) -> list[str]:
    """The tensors that the sweeps of steps `first` to `last` read."""
    sweeps = [trace.sweeps[number] for number in _sweeps(trace, first, last)]
    return list(dict.fromkeys(name for sweep in sweeps for name in sweep.tensors))


def _sweeps(trace: Trace, first: int, last: int) -> range:
    """The numbers of the sweeps that steps `first` to `last` are in, in whatever iteration."""
    begin, end = trace.position(first), trace.position(last)
    if begin.iteration == end.iteration:
        return range(begin.sweep, end.sweep + 1)
    return range(len(trace.sweeps))


def _widths(trace: Trace, first: int, last: int) -> list[int]:
    """Room for what can be known of the columns before the steps are computed."""
    widths = [4, 3, 7, 4, 6]
    iteration = trace.position(last).iteration
    numbers = _sweeps(trace, first, last)
    # Of one sweep the first rows say as much, and those that are shown may be shorter.
    if len(numbers) > 1:
        base = iteration * trace.steps_per_iteration
        ends = [base + trace.ends[number] - 1 for number in numbers]
        addresses = [format_address(trace, trace.position(end)) for end in ends]
        widths[0] = max(widths[0], len(str(last)))
        widths[2] = max(map(len, addresses))
    return widths


def _csv_row(row: Row) -> list[object]:
    return [_TEXTS[holds](row.get(name)) for name, holds in FIELDS.items()]


def _reads(reads: list[Row]) -> str:
    """``input[0,0,1,1]=3.0``, several by blanks; holes are left out."""
    return " ".join(
        f"{read['tensor']}{bracketed(read['index'])}={_number(read['value'])}"
        for read in reads
        if read["index"] is not None
    )


def _number(value: float | None) -> object:
    return value if value is None or math.isfinite(value) else number_name(value)


def _same(value: object) -> object:
    return value


#: How CSV writes what a field holds.
_TEXTS: dict[str, Callable[[Any], object]] = {
    "name": printable,
    "whole": _same,
    "text": _same,
    "index": bracketed,
    "reads": _reads,
    "number": _number,
    "flag": lambda value: "true" if value else "false",
}


def _aligned(blocks: Iterator[tuple[Sweep, list[Row]]], widths: list[int]) -> Iterator[str]:
    """Lines in columns: step, mac, address, term, running result, what lies outside."""
    for number, (sweep, rows) in enumerate(blocks):
        table = [_cells(sweep, row) for row in rows]
        # Widths only grow, so that columns stay put as far as can be known without looking ahead.
        widths = [
            max(width, *(len(cells[column]) for cells in table))
            for column, width in enumerate(widths)
        ]
        if not number:
            yield _line(["step", "mac", "address", "term", "result", ""], widths)
        for cells in table:
            yield _line(cells, widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    step, mac, address, term, result, mark = cells
    parts = [step.rjust(widths[0]), mac.rjust(widths[1]), address.ljust(widths[2])]
    parts += [term.ljust(widths[3]), result.ljust(widths[4]), mark]
    return "  ".join(parts).rstrip() + "\n"


def _cells(sweep: Sweep, row: Row) -> list[str]:
    cell, tap = tuple(row["cell"]), tuple(row["tap"])
    values = [read["value"] for read in row["reads"]]
    term, after, total = row["term"], row["after"], row.get("total")
    folded = fold_text(sweep, term, row["before"], after, total)
    finish = finish_text(sweep, cell, after, total)
    trained = "" if row.get("trained") is None else f"   trained: {row['trained']:.8g} in float32"
    return [
        str(row["step"]),
        "" if row["mac"] is None else str(row["mac"]),
        row["address"],
        term_text(sweep, cell, tap, values, term),
        "   ".join(part for part in (folded, finish) if part) + trained,
        row["why"] or "",
    ]
