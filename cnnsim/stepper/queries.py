"""Finding steps by what happens in them, forwards and backwards.

Values are looked up in the finished tensors; only the cells that can hold the answer are worked
out, so a billion steps are not walked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, did_you_mean, printable
from cnnsim.kernels.fill import Progress, Stage
from cnnsim.network.kinds.leaky_relu import leaky
from cnnsim.network.kinds.relu import relu
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import LARGER, Sweep
from cnnsim.steps.trace import Position, Trace, unravel_all
from cnnsim.steps.work import Work, work_out_block

Mask = npt.NDArray[np.bool_]

#: Cells between two reports of a search.
_REPORT = 64
#: Taps that a search works out together, give or take one cell.
_TAPS = 1 << 16

_COMPARISON = re.compile(r"(<=|>=|=|<|>)\s*([-+−]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)", re.IGNORECASE)


class Searched(NamedTuple):
    """How far a search has come: what it looks through or computes, and the share of that sweep."""

    sweep: str
    iteration: int
    share: float
    stage: Stage = "looking through"


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

    @property
    def sought(self) -> str:
        """What is looked for, in a sentence: sums on the way to a value are not compared."""
        return f"finished value {self.text}" if self.text[0] in "<=>" else self.text


def parse_query(text: str) -> Query:
    """One of the `_NAMED`, or a comparison such as ``> 2.5`` with a cell's finished value.

    Raises UsageError.
    """
    cleaned = " ".join(text.lower().split())
    if match := _COMPARISON.fullmatch(cleaned):
        bound = float(match[2].replace("−", "-"))
        if not np.isfinite(bound):
            raise UsageError(f"{match[2]} is too large to compare with", "try infinity")
        return _comparison(cleaned, match[1], bound)
    named = [word for word in _NAMED if cleaned and word.startswith(cleaned)]
    if cleaned in ("max", "min", "inf", "sign"):
        named = [
            {"max": "largest", "min": "smallest", "inf": "infinity"}.get(cleaned, "sign change")
        ]
    if len(named) != 1:
        raise UsageError(
            f"'{printable(text, 40)}' is nothing to look for{did_you_mean(cleaned, _NAMED)}",
            "try " + ", ".join(_NAMED) + ", > 2.5, = 0",
        )
    return _NAMED[named[0]]


def find_step(
    stepper: Stepper,
    step: int,
    query: Query,
    forward: bool,
    report: Callable[[Searched], None] = lambda searched: None,
) -> int | None:
    """The nearest step after (or before) `step` where `query` holds, or None.

    `report` hears now and then how far the search has come, also in computing the tensors that are
    missing; what it raises ends the search.
    """
    following = _hits(stepper, step, query, forward, report)
    return next(following, None)


def every_step(
    stepper: Stepper,
    first: int,
    last: int,
    query: Query,
    report: Callable[[Searched], None] = lambda searched: None,
) -> Iterator[int]:
    """All steps from `first` to `last`, both included, where `query` holds, in order."""
    for step in _hits(stepper, first - 1, query, True, report, last):
        if step > last:
            return
        yield step


def _hits(
    stepper: Stepper,
    step: int,
    query: Query,
    forward: bool,
    report: Callable[[Searched], None],
    last: int | None = None,
) -> Iterator[int]:
    """The steps beyond `step`, which may be −1, in the direction of travel.

    Sweeps that begin behind `last` are not looked at.
    """
    trace, course = stepper.trace, stepper.scenario.course
    begin = step + 1 if forward else step - 1
    if not 0 <= begin < len(trace):
        return
    for iteration, number in _sweeps_from(trace, trace.position(begin), forward):
        sweep = trace.sweeps[number]
        first = iteration * trace.steps_per_iteration + trace.first_step(number)
        if last is not None and first > last:
            return
        if course is not None and not course.fits(iteration):
            continue
        report(Searched(sweep.full_name, iteration, 0.0))
        if not query.sweeps(sweep) or (query.needs_reach and not _has_padding(stepper, number)):
            continue

        def computes(progress: Progress, iteration: int = iteration) -> None:
            report(Searched(progress.sweep, iteration, progress.share, progress.stage))

        tensors = stepper.iterations.at(iteration, computes)
        tensors.compute([sweep.writes], computes)
        cells = _cells(sweep, tensors[sweep.writes], query, step - first, forward)
        together = max(1, min(_REPORT, _TAPS // sweep.tap_count))
        looked = 0
        while numbers := list(islice(cells, together)):
            looked += len(numbers)
            if looked >= _REPORT:
                looked = 0
                share = numbers[-1] / sweep.cell_count
                report(Searched(sweep.full_name, iteration, share if forward else 1 - share))
            # Not through the stepper's cache: a search would leave nothing else in it.
            block = work_out_block(sweep, unravel_all(numbers, sweep.cells), tensors)
            for row, cell in enumerate(numbers):
                taps = np.flatnonzero(query.taps(sweep, block.cell(row)))
                steps = first + cell * sweep.tap_count + taps
                beyond = steps[steps > step] if forward else steps[steps < step][::-1]
                yield from beyond.tolist()


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
    """Where the sum's sign differs from the last one it had; 0 has none."""
    signs = np.sign(np.concatenate(([work.start or 0.0], work.running)))
    places = np.arange(signs.size)
    has_sign = np.where((signs == 0) | np.isnan(signs), 0, places)
    latest = signs[np.maximum.accumulate(has_sign)]
    return latest[:-1] * signs[1:] < 0


def _infinite(sweep: Sweep, work: Work) -> Mask:
    """Where the result is infinite; what a maximum or minimum starts from does not count."""
    start = sweep.fold.identity if sweep.fold is not None else 0.0
    mask: Mask = np.isinf(work.running) & (work.running != start)
    return mask


def _new_winners(sweep: Sweep, work: Work) -> Mask:
    """Where a value beats another one that was the largest so far."""
    before = np.concatenate(([-np.inf], work.running[:-1]))
    return (work.running > before) & np.isfinite(before)


def _comparison(text: str, sign: str, bound: float) -> Query:
    compare: dict[str, Callable[..., Mask]] = {
        "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal, "=": np.equal,
    }  # fmt: skip
    return Query(text, lambda sweep, values: compare[sign](values, bound), _last)


_QUERIES = (
    Query(
        "sign change",
        _every,
        _sign_changes,
        lambda sweep: sweep.fold is not None and sweep.fold.name == "add",
    ),
    Query("padding", _every, lambda sweep, work: work.reach.padding, needs_reach=True),
    Query(
        "relu closes",
        # Of −∞ a slope of 0 makes NaN.
        lambda sweep, values: ~(values > 0),
        lambda sweep, work: work.values[0] <= 0,
        lambda sweep: sweep.term in (relu, leaky),
    ),
    Query(
        "winner changes",
        _every,
        _new_winners,
        lambda sweep: sweep.fold is LARGER and sweep.name == "forward",
    ),
    Query(
        "nan", lambda sweep, values: np.isnan(values), lambda sweep, work: np.isnan(work.running)
    ),
    Query("infinity", lambda sweep, values: ~np.isfinite(values), _infinite),
    Query("largest", lambda sweep, values: _is(values, np.fmax), _last),
    Query("smallest", lambda sweep, values: _is(values, np.fmin), _last),
    Query("cell", _every, _last),
)
#: By what people type for them.
_NAMED = {query.text: query for query in _QUERIES}
