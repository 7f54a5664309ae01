"""What a part of the report measures, one case after the other, whatever becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter

from tests.benchmarks.cuda.row import FAILED, Row

#: A name for people, and what measures it.
Case = tuple[str, Callable[[], Iterable[Row]]]


def measured(part: str, seconds: float, cases: Iterable[Case]) -> Iterator[Row]:
    """The rows of all `cases`; of one that fails, or comes too late, a row that says so."""
    ends = perf_counter() + seconds
    for what, measure in cases:
        if perf_counter() > ends:
            yield Row(part, what, "not run", "", FAILED, f"no time was left of {seconds:.0f} s")
            continue
        try:
            yield from measure()
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
            yield Row(part, what, "failed", "", FAILED, f"{type(error).__name__}: {said}"[:120])
