"""Finding steps by what happens in them, forwards and backwards.

Values are looked up in the finished tensors; only the cells that can hold the answer are worked
out, so a billion steps are not walked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

import numpy as np
import numpy.typing as npt

from cnnsim.errors import CnnsimError, UsageError, did_you_mean, printable
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.trace import Position, Trace, unravel
from cnnsim.steps.work import Work

Mask = npt.NDArray[np.bool_]

#: Seconds that a search may take before it says how far it came.
PATIENCE = 3.0

_COMPARISON = re.compile(r"(<=|>=|=|<|>)\s*([-+−]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)", re.IGNORECASE)
WORDS = ("sign change", "padding", "nan", "infinity", "largest", "smallest", "cell")


@dataclass(frozen=True)
class Query:
    """What to look for: in which cells it can be, and at which of their taps it is.

    `cells` gets a sweep and its finished tensor and says which cells are worth a look (None: all).
    """

    text: str
    cells: Callable[[Sweep, npt.NDArray[np.float64]], Mask | None]
    taps: Callable[[Sweep, Work], Mask]
    sweeps: Callable[[Sweep], bool] = lambda sweep: True
    needs_reach: bool = False


def parse_query(text: str) -> Query:
    """One of `WORDS`, or a comparison such as ``> 2.5`` with a cell's finished value.

    Raises UsageError.
    """
    cleaned = " ".join(text.lower().split())
    if match := _COMPARISON.fullmatch(cleaned):
        return _comparison(cleaned, match[1], float(match[2].replace("−", "-")))
    named = [word for word in WORDS if cleaned and word.startswith(cleaned)]
    if cleaned in ("max", "min", "inf", "sign"):
        named = [
            {"max": "largest", "min": "smallest", "inf": "infinity"}.get(cleaned, "sign change")
        ]
    if len(named) != 1:
        raise UsageError(
            f"'{printable(text, 40)}' is nothing to look for{did_you_mean(cleaned, WORDS)}",
            "try " + ", ".join(WORDS) + ", > 2.5, = 0",
        )
    return _QUERIES[named[0]]


def find_step(stepper: Stepper, step: int, query: Query, forward: bool) -> int | None:
    """The nearest step after (or before) `step` where `query` holds, or None.

    Raises CnnsimError where the search takes too long.
    """
    deadline = monotonic() + PATIENCE
    trace = stepper.trace
    start = trace.position(step)
    for iteration, number in _sweeps_from(trace, start, forward):
        sweep = trace.sweeps[number]
        if monotonic() > deadline:
            raise CnnsimError(
                f"nothing up to {sweep.full_name} of iteration {iteration} yet",
                "go there and search on",
            )
        if not query.sweeps(sweep) or (query.needs_reach and not _has_padding(stepper, number)):
            continue
        first = iteration * trace.steps_per_iteration + trace.first_step(number)
        values = stepper.iterations.at(iteration)[sweep.writes]
        for cell in _cells(sweep, values, query, step - first, forward):
            if monotonic() > deadline:
                raise CnnsimError(
                    f"nothing up to {sweep.full_name} cell {cell:,} yet",
                    "go there and search on",
                )
            at = unravel(cell, sweep.cells)
            work = stepper.work(Position(iteration, number, at, (0,) * len(sweep.taps)))
            taps = np.flatnonzero(query.taps(sweep, work))
            steps = first + cell * sweep.tap_count + taps
            found = steps[steps > step] if forward else steps[steps < step]
            if len(found):
                return int(found[0] if forward else found[-1])
    return None


def _sweeps_from(trace: Trace, start: Position, forward: bool) -> Iterator[tuple[int, int]]:
    """(iteration, sweep) from `start` on in the direction of travel."""
    count = len(trace.sweeps)
    here = start.iteration * count + start.sweep
    last = trace.iterations * count
    for place in range(here, last) if forward else range(here, -1, -1):
        yield divmod(place, count)


def _cells(
    sweep: Sweep, values: npt.NDArray[np.float64], query: Query, inside: int, forward: bool
) -> Iterator[int]:
    """The cells worth a look, from the current one on in the direction of travel."""
    if forward:
        here = max(inside, 0) // sweep.tap_count
    else:
        here = min(inside, sweep.steps - 1) // sweep.tap_count
    mask = query.cells(sweep, values)
    if mask is None:
        yield from range(here, sweep.cell_count) if forward else range(here, -1, -1)
        return
    flat = mask.reshape(-1)
    if forward:
        yield from (int(cell) + here for cell in np.flatnonzero(flat[here:]))
    else:
        yield from (int(cell) for cell in np.flatnonzero(flat[: here + 1])[::-1])


def _has_padding(stepper: Stepper, number: int) -> bool:
    """Whether any tap leaves its tensor: indices grow with the cell, so two corners tell."""
    sweep = stepper.trace.sweeps[number]
    corners = ((0,) * len(sweep.cells), tuple(extent - 1 for extent in sweep.cells))
    return any(
        stepper.reach(Position(0, number, cell, (0,) * len(sweep.taps))).padding.any()
        for cell in corners
    )


def _last(sweep: Sweep, work: Work) -> Mask:
    mask = np.zeros(sweep.tap_count, np.bool_)
    mask[-1] = True
    return mask


def _is(values: npt.NDArray[np.float64], better: np.ufunc) -> Mask:
    """Where the largest or smallest value stands; nowhere if all are NaN."""
    mask: Mask = values == better.reduce(values, axis=None)
    return mask


def _every(sweep: Sweep, values: npt.NDArray[np.float64]) -> None:
    return None


def _sign_changes(sweep: Sweep, work: Work) -> Mask:
    before = np.concatenate(([work.start or 0.0], work.running[:-1]))
    return (np.sign(before) * np.sign(work.running)) < 0


def _comparison(text: str, sign: str, bound: float) -> Query:
    compare: dict[str, Callable[..., Mask]] = {
        "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal, "=": np.equal,
    }  # fmt: skip
    return Query(text, lambda sweep, values: compare[sign](values, bound), _last)


_QUERIES = {
    "sign change": Query(
        "sign change",
        _every,
        _sign_changes,
        lambda sweep: sweep.fold is not None and sweep.fold.name == "add",
    ),
    "padding": Query("padding", _every, lambda sweep, work: work.reach.padding, needs_reach=True),
    "nan": Query(
        "nan", lambda sweep, values: np.isnan(values), lambda sweep, work: np.isnan(work.running)
    ),
    "infinity": Query(
        "infinity",
        lambda sweep, values: ~np.isfinite(values),
        lambda sweep, work: np.isinf(work.running),
    ),
    "largest": Query("largest", lambda sweep, values: _is(values, np.fmax), _last),
    "smallest": Query("smallest", lambda sweep, values: _is(values, np.fmin), _last),
    "cell": Query("cell", _every, _last),
}
