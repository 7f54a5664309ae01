"""Steps by the thousand: the same fields as `Reading.as_dict`, many cells worked out at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import bracketed
from cnnsim.steps.sweep import Index, Start, Sweep
from cnnsim.steps.taps import gather, tap_coordinates
from cnnsim.steps.trace import Trace, unravel
from cnnsim.steps.work import Tensors

Array = npt.NDArray[Any]
Row = dict[str, Any]

#: Steps that are worked out together, give or take one cell.
BLOCK = 4096


def step_blocks(stepper: Stepper, first: int, last: int) -> Iterator[tuple[Sweep, list[Row]]]:
    """The rows of steps `first` to `last`, both included, in blocks of one sweep each."""
    trace = stepper.trace
    step = first
    while step <= last:
        position = trace.position(step)
        sweep = trace.sweep_of(position)
        start = position.iteration * trace.steps_per_iteration + trace.first_step(position.sweep)
        iteration = f"{position.iteration}:" if trace.iterations > 1 else ""
        taps = sweep.tap_count
        end = min(last + 1, start + sweep.steps)
        while step < end:
            cell = (step - start) // taps
            cells = range(cell, min(cell + max(1, BLOCK // taps), (end - 1 - start) // taps + 1))
            begin = start + cell * taps
            stop = min(end, begin + len(cells) * taps)
            block = _Block(sweep, cells, stepper.iterations.at(position.iteration))
            macs = block.macs(trace, position.sweep)
            name = stepper.scenario.name
            yield sweep, list(block.rows(name, iteration, begin, macs, step - begin, stop - begin))
            step = stop


class _Block:
    """Neighbouring cells of a sweep, worked out: arrays of [cells, taps], then lists of steps.

    `steps.work` says the same for one cell; here the cells are one more axis.
    """

    def __init__(self, sweep: Sweep, cells: range, tensors: Tensors) -> None:
        self.sweep = sweep
        self.shape = (len(cells), sweep.tap_count)
        numbers: Any = np.arange(cells.start, cells.stop, dtype=np.int64)
        # Arrays of numbers come apart by divmod just as plain ints do.
        self.cells = cast(Index, unravel(numbers, sweep.cells))
        self.taps = tap_coordinates(sweep.taps)
        down = tuple(axis[:, np.newaxis] for axis in self.cells)
        across = tuple(axis[np.newaxis, :] for axis in self.taps)
        self.indices: list[Array] = []
        self.inside: list[Array] = []
        self.values: list[Array] = []
        everywhere = np.ones(self.shape, np.bool_)
        self.hole = ~everywhere
        self.outside = ~everywhere
        for read, index in zip(sweep.reads, sweep.where(down, across, sweep.params), strict=True):
            tensor = tensors[read.tensor]
            axes = tuple(np.broadcast_to(np.asarray(axis), self.shape) for axis in index)
            inside = everywhere.copy()
            for axis, extent in zip(axes, tensor.shape, strict=True):
                inside &= (axis >= 0) & (axis < extent)
            instead = 0.0 if read.outside is None else read.outside
            found = gather(tensor, axes, inside, instead)
            self.values.append(np.broadcast_to(found, self.shape))
            self.indices.append(np.stack(axes, -1) if axes else np.empty((*self.shape, 0)))
            self.inside.append(inside)
            self.outside |= ~inside
            if read.outside is None:
                self.hole |= ~inside
        with np.errstate(all="ignore"):
            self._fold(down, across, tensors)

    def _fold(self, down: Index, across: Index, tensors: Tensors) -> None:
        sweep = self.sweep
        found = sweep.term(tuple(self.values), down, across, sweep.params)
        self.terms = np.broadcast_to(np.asarray(found, np.float64), self.shape)
        self.starts: Array | None = None
        if sweep.fold is None:
            self.running = self.terms.copy()
        else:
            self.starts = self._starts(sweep.start, tensors)
            self.terms = np.where(self.hole, sweep.fold.identity, self.terms)
            sums = np.concatenate((self.starts[:, np.newaxis], self.terms), axis=1)
            # accumulate goes strictly from left to right, as stepping does.
            self.running = sweep.fold.combine.accumulate(sums, axis=1)[:, 1:]
        self.totals = self.running[:, -1].copy()
        self.running[:, -1] = sweep.finish(self.totals, self.cells, sweep.params)

    def _starts(self, start: float | Start, tensors: Tensors) -> Array:
        count = self.shape[0]
        if not isinstance(start, Start):
            return np.full(count, start, np.float64)
        at = start.where(self.cells, self.sweep.params)
        return np.broadcast_to(tensors[start.tensor][at].astype(np.float64), (count,))

    def macs(self, trace: Trace, number: int) -> list[Any]:
        """The number of each step's multiply-add, or None, for the `number`-th sweep."""
        down = tuple(axis[:, np.newaxis] for axis in self.cells)
        across = tuple(axis[np.newaxis, :] for axis in self.taps)
        macs = trace.mac_at(number, down, across)
        if macs is None:
            return [None] * (self.shape[0] * self.shape[1])
        numbers: list[Any] = np.broadcast_to(macs, self.shape).ravel().tolist()
        return numbers

    def rows(
        self, scenario: str, iteration: str, begin: int, macs: list[Any], first: int, stop: int
    ) -> Iterator[Row]:
        """The rows of the block's steps from number `first` up to `stop`; number 0 is `begin`."""
        sweep = self.sweep
        name = f"{iteration}{sweep.full_name}"
        cells = _coordinates(self.cells, self.shape[0])
        taps = _coordinates(self.taps, self.shape[1])
        places = [name + bracketed(cell) for cell in cells]
        tap_texts = [f" tap{bracketed(tap)}" if tap else "" for tap in taps]
        hole = self.hole.ravel()[first:stop].tolist()
        columns = [
            self._read_column(number, first, stop, hole) for number in range(len(sweep.reads))
        ]
        is_product = sweep.is_product
        has_two = len(columns) > 1
        last_tap = sweep.tap_count - 1 if sweep.has_finish else -1
        for number, reads, hole_here, outside, term, before, after in zip(
            range(first, stop),
            zip(*columns, strict=True) if columns else itertools.repeat((), stop - first),
            hole,
            self.outside.ravel()[first:stop].tolist(),
            self.terms.ravel()[first:stop].tolist(),
            self._before(first, stop),
            self.running.ravel()[first:stop].tolist(),
            strict=True,
        ):
            cell, tap = divmod(number, sweep.tap_count)
            if hole_here:
                term = None
            row = {
                "kind": "step",
                "scenario": scenario,
                "step": begin + number,
                "mac": None if hole_here else macs[number],
                "address": places[cell] + tap_texts[tap],
                "layer": sweep.layer,
                "sweep": sweep.name,
                "cell": cells[cell],
                "tap": taps[tap],
                "reads": list(reads),
                "left": reads[0]["value"] if reads else None,
                "right": reads[1]["value"] if has_two else None,
                "product": term if is_product else None,
                "term": term,
                "before": before,
                "after": after,
                "outside": outside,
                "why": ("hole" if hole_here else "padding") if outside else None,
            }
            if tap == last_tap:
                row["total"] = float(self.totals[cell])
            yield row

    def _read_column(self, number: int, first: int, stop: int, hole: list[bool]) -> list[Row]:
        """What read `number` gave at each step; nothing where it makes the step a hole."""
        tensor = self.sweep.reads[number].tensor
        count = self.shape[0] * self.shape[1]
        indices = self.indices[number].reshape(count, -1)[first:stop].tolist()
        values = self.values[number].reshape(count)[first:stop].tolist()
        inside = self.inside[number].reshape(count)[first:stop].tolist()
        if not any(hole):
            return [
                {"tensor": tensor, "index": index, "value": value}
                for index, value in zip(indices, values, strict=True)
            ]
        return [
            {"tensor": tensor, "index": index, "value": value}
            if within or not hole_here
            else {"tensor": tensor, "index": None, "value": None}
            for index, value, within, hole_here in zip(indices, values, inside, hole, strict=True)
        ]

    def _before(self, first: int, stop: int) -> list[float | None]:
        """The running result before each step."""
        before: list[float | None] = [None, *self.running.ravel()[:-1].tolist()]
        starts = None if self.starts is None else self.starts.tolist()
        for cell, number in enumerate(range(0, self.running.size, self.shape[1])):
            before[number] = None if starts is None else starts[cell]
        return before[first:stop]


def _coordinates(axes: Index, count: int) -> list[list[int]]:
    """One list of coordinates for each of `count` cells or taps."""
    columns = [axis.tolist() for axis in axes]
    return [list(place) for place in zip(*columns, strict=True)] if columns else [[]] * count
