"""What stays the same while a cell is worked through: scales, number formats, fields. Kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.stepper.gradcheck import check_entry
from cnnsim.stepper.line import SlopeCheck
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.taps import Reach
from cnnsim.steps.trace import Position
from cnnsim.tui.drawing.cellclass import WIDEST
from cnnsim.tui.drawing.numbers import decimals_for, exact_decimals, format_number
from cnnsim.tui.stage.slice import Slice

#: Running sums of this many taps, of this many cells, are worked out to see how wide they get.
_MOST_TAPS_AHEAD, _MOST_CELLS_AHEAD = 20_000, 200

Place = tuple[int, int]


class Measures:
    """Measures of a stepper's sweeps and of the tensors of one iteration, worked out once.

    - ``values(tensor, slice)``: the matrix
    - ``scale(tensor)``: its largest |value|, leaving out NaN and infinity
    - ``number_format(tensor, slice, sweep)``: (width, decimals, power), running sums included
    - ``padding(sweep, read)``: how far the taps reach beyond the plane (top, left, bottom, right)
    - ``check(leaf, gradient, index)``: one entry of a gradient beside its difference
    - ``field(sweep, cell, read, slice)``: the places that the cell reads, None for all of them
    """

    def __init__(self, stepper: Stepper, iteration: int) -> None:
        self.stepper = stepper
        self.iteration = iteration
        self.tensors = stepper.iterations.at(iteration)
        keep: Callable[[Any], Any] = lru_cache(maxsize=256)
        self.values = keep(self._values)
        self.scale = keep(self._scale)
        self.number_format = keep(self._number_format)
        self.padding = keep(self._padding)
        self.field = keep(self._field)
        self.check = keep(self._check)

    def _check(self, leaf: str, gradient: str, index: tuple[int, ...]) -> SlopeCheck:
        return check_entry(self.stepper.scenario.iteration, self.tensors, leaf, gradient, index)

    def _values(self, tensor: str, cut: Slice) -> npt.NDArray[np.float64]:
        return cut.values(self.tensors[tensor])

    def _scale(self, tensor: str) -> float:
        """The largest |value| of a tensor, leaving out NaN and infinity."""
        values = self.tensors[tensor]
        with np.errstate(invalid="ignore"):
            largest = max(float(np.nanmax(values)), -float(np.nanmin(values)))
        if not np.isfinite(largest):
            finite = values[np.isfinite(values)]
            largest = float(np.abs(finite).max()) if finite.size else 1.0
        return largest or 1.0

    def _number_format(self, tensor: str, cut: Slice, sweep: int | None) -> tuple[int, int, int]:
        """(width, decimals, power) for the numbers of a matrix, running ones included."""
        values = self.values(tensor, cut)[cut.exists]
        if sweep is not None:
            values = np.concatenate([values, *self._running(sweep, cut)])
        decimals, power = decimals_for(values)
        exact = exact_decimals(values[np.isfinite(values)])
        if exact is not None and not power and _width(values, exact, 0) <= WIDEST:
            # What a few decimals say in full is not rounded.
            decimals = max(decimals, exact)
        return _width(values, decimals, power), decimals, power

    def _running(self, number: int, cut: Slice) -> list[npt.NDArray[np.float64]]:
        """The running results of all cells of a matrix of the output, where they are few."""
        sweep = self.stepper.trace.sweeps[number]
        count = cut.rows * cut.columns
        if (
            sweep.fold is None
            or count * sweep.tap_count > _MOST_TAPS_AHEAD
            or count > _MOST_CELLS_AHEAD
        ):
            return []
        found = []
        for place in range(count):
            cell = cut.index(*divmod(place, cut.columns))
            if cell is not None:
                position = Position(self.iteration, number, cell, (0,) * len(sweep.taps))
                found.append(self.stepper.work(position).running)
        return found

    def _padding(self, number: int, read: int) -> tuple[int, int, int, int]:
        """How far the taps of the first and the last cell reach beyond the plane."""
        sweep = self.stepper.trace.sweeps[number]
        if len(sweep.cells) != 4 or sweep.reads[read].outside is None:
            return (0, 0, 0, 0)
        shape = self.stepper.shapes[sweep.reads[read].tensor]
        if len(shape) != 4:
            return (0, 0, 0, 0)
        first = self._corner(sweep, number, (0,) * 4).indices[read]
        last = self._corner(sweep, number, tuple(e - 1 for e in sweep.cells)).indices[read]
        return (
            max(0, -int(first[2].min())),
            max(0, -int(first[3].min())),
            max(0, int(last[2].max()) - shape[2] + 1),
            max(0, int(last[3].max()) - shape[3] + 1),
        )

    def _corner(self, sweep: Sweep, number: int, cell: tuple[int, ...]) -> Reach:
        return self.stepper.reach(Position(0, number, cell, (0,) * len(sweep.taps)))

    def _field(
        self, number: int, cell: tuple[int, ...], read: int, cut: Slice
    ) -> frozenset[Place] | None:
        """The places of a matrix that the cell reads; None where it reads all or only one."""
        sweep = self.stepper.trace.sweeps[number]
        reach = self.stepper.reach(Position(0, number, cell, (0,) * len(sweep.taps)))
        taps = taps_in(reach, read, cut)
        if not sweep.taps or len(taps) >= cut.rows * cut.columns:
            return None
        places = (cut.place(tuple(int(axis[tap]) for axis in reach.indices[read])) for tap in taps)
        return frozenset(place for place in places if place is not None)


def taps_in(reach: Reach, number: int, cut: Slice) -> list[int]:
    """The taps whose read lies in the matrix `cut`, padding included."""
    inside = ~reach.hole
    for axis, at in zip(reach.indices[number], cut.fixed, strict=False):
        inside = inside & (axis == at)
    return [int(tap) for tap in np.flatnonzero(inside)]


def _width(values: npt.NDArray[np.float64], decimals: int, power: int) -> int:
    """Columns of the widest of the numbers with its sign column."""
    texts = (format_number(value, decimals, power) for value in _extremes(values))
    return max((len(text.lstrip("−")) for text in texts), default=1) + 1


def _extremes(values: npt.NDArray[np.float64]) -> list[float]:
    """The values whose text can be the widest."""
    finite = values[np.isfinite(values)]
    found = [float(finite.min()), float(finite.max())] if finite.size else [0.0]
    if np.isnan(values).any():
        found.append(float("nan"))
    return found + [float(v) for v in (np.inf, -np.inf) if (values == v).any()]
