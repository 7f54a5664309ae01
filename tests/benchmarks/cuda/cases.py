"""What a part of the report measures, one case after the other, whatever becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import NamedTuple

from cnnsim.kernels.lanes.chain import Refused
from tests.benchmarks.cuda.row import FAILED, Row


class Case(NamedTuple):
    """Something to measure.

    Attributes:
        what: its name, for people.
        measure: gives its rows.
        needs: seconds without which it is not begun; then it is one that may be missing.
    """

    what: str
    measure: Callable[[], Iterable[Row]]
    needs: float = 0.0


def measured(part: str, seconds: float, cases: Iterable[Case]) -> Iterator[Row]:
    """The rows of all `cases`; of one that fails, or comes too late, a row that says so."""
    ends = perf_counter() + seconds
    for what, measure, needs in cases:
        if perf_counter() + needs > ends:
            verdict, why = "" if needs else FAILED, f"too little was left of {seconds:.0f} s"
            yield Row(part, what, "not run", "", verdict, why)
            continue
        try:
            yield from measure()
        except Refused as reason:
            # By design: other engines train it on such a card.
            yield Row(part, what, "not run", "", "", str(reason))
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
            yield Row(part, what, "failed", "", FAILED, f"{type(error).__name__}: {said}"[:120])
