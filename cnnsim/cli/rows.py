"""Steps by the thousand: the same fields as `Reading.as_dict`, many cells worked out at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import bracketed
from cnnsim.steps.sweep import Index, Start, Sweep
from cnnsim.steps.taps import gather, tap_coordinates
from cnnsim.steps.trace import Position, unravel
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
        start = trace.step(
            Position(
                position.iteration, position.sweep, (0,) * len(sweep.cells), (0,) * len(sweep.taps)
            )
        )
        iteration = f"{position.iteration}:" if trace.iterations > 1 else ""
        sweep_last = min(last, start + sweep.steps - 1)
        together = max(1, BLOCK // sweep.tap_count)
        while step <= sweep_last:
            cell = (step - start) // sweep.tap_count
            cells = range(cell, min(cell + together, (sweep_last - start) // sweep.tap_count + 1))
            begin = start + cells.start * sweep.tap_count
            end = min(sweep_last + 1, start + cells.stop * sweep.tap_count)
            block = _Block(sweep, cells, stepper.values)
            mac = trace.mac(begin)
            yield (
                sweep,
                list(
                    block.rows(
                        stepper.scenario.name, iteration, begin, mac, step - begin, end - begin
                    )
                ),
            )
            step = end


class _Block:
    """Neighbouring cells of a sweep, worked out: arrays of [cells, taps], flattened to lists.

    `steps.work` says the same for one cell; here the cells are one more axis.
    """

    def __init__(self, sweep: Sweep, cells: range, tensors: Tensors) -> None:
        self.sweep = sweep
        self.shape = (len(cells), sweep.tap_count)
        numbers: Any = np.arange(cells.start, cells.stop, dtype=np.int64)
        # As plain ints do, arrays of numbers come apart by divmod.
        self.cells: Index = unravel(numbers, sweep.cells)
        self.taps: Index = tap_coordinates(sweep.taps)
        down = tuple(axis[:, np.newaxis] for axis in self.cells)
        across = tuple(axis[np.newaxis, :] for axis in self.taps)
        self.indices: list[list[tuple[int, ...]]] = []
        self.inside: list[list[bool]] = []
        self.values: list[list[float]] = []
        everywhere = np.ones(self.shape, np.bool_)
        hole = ~everywhere
        outside = ~everywhere
        values = []
        for read, index in zip(sweep.reads, sweep.where(down, across, sweep.params), strict=True):
            tensor = tensors[read.tensor]
            axes = tuple(np.broadcast_to(np.asarray(axis), self.shape) for axis in index)
            inside = everywhere.copy()
            for axis, extent in zip(axes, tensor.shape, strict=True):
                inside &= (axis >= 0) & (axis < extent)
            instead = 0.0 if read.outside is None else read.outside
            found = np.broadcast_to(gather(tensor, axes, inside, instead), self.shape)
            values.append(found)
            outside |= ~inside
            if read.outside is None:
                hole |= ~inside
            columns = [axis.ravel().tolist() for axis in axes]
            self.indices.append(list(zip(*columns, strict=True)) if columns else [()] * found.size)
            self.inside.append(inside.ravel().tolist())
            self.values.append(found.ravel().tolist())
        self.hole: list[bool] = hole.ravel().tolist()
        self.outside: list[bool] = outside.ravel().tolist()
        self._fold(tuple(values), down, across, hole, tensors)

    def _fold(
        self, values: tuple[Array, ...], down: Index, across: Index, hole: Array, tensors: Tensors
    ) -> None:
        sweep = self.sweep
        with np.errstate(all="ignore"):
            found = np.asarray(sweep.term(values, down, across, sweep.params), np.float64)
            terms = np.broadcast_to(found, self.shape)
            self.starts: list[float] | None = None
            if sweep.fold is None:
                running = terms.copy()
            else:
                starts = self._starts(sweep.start, tensors)
                self.starts = starts.tolist()
                terms = np.where(hole, sweep.fold.identity, terms)
                sums = np.concatenate((starts[:, np.newaxis], terms), axis=1)
                # accumulate goes strictly from left to right, as stepping does.
                running = sweep.fold.combine.accumulate(sums, axis=1)[:, 1:]
            totals = running[:, -1].copy()
            running[:, -1] = sweep.finish(totals, self.cells, sweep.params)
        self.terms: list[float] = terms.ravel().tolist()
        self.running: list[float] = running.ravel().tolist()
        self.totals: list[float] = totals.tolist()

    def _starts(self, start: float | Start, tensors: Tensors) -> Array:
        count = self.shape[0]
        if not isinstance(start, Start):
            return np.full(count, start, np.float64)
        at = start.where(self.cells, self.sweep.params)
        return np.broadcast_to(tensors[start.tensor][at].astype(np.float64), (count,))

    def rows(
        self, scenario: str, iteration: str, begin: int, mac: int | None, first: int, stop: int
    ) -> Iterator[Row]:
        """The rows of steps ``begin + first`` to ``begin + stop - 1``."""
        sweep = self.sweep
        count = sweep.tap_count
        cells = list(zip(*(axis.tolist() for axis in self.cells), strict=True)) or [()]
        taps = list(zip(*(axis.tolist() for axis in self.taps), strict=True)) or [()]
        tap_texts = [f" tap{bracketed(tap)}" if tap else "" for tap in taps]
        reads = [
            (read.tensor, index, inside, value)
            for read, index, inside, value in zip(
                sweep.reads, self.indices, self.inside, self.values, strict=True
            )
        ]
        name = f"{iteration}{sweep.full_name}"
        for number in range(first, stop):
            cell, tap = divmod(number, count)
            if number == first or tap == 0:
                place = name + bracketed(cells[cell])
            hole = self.hole[number]
            read_values = [
                {"tensor": tensor, "index": None, "value": None}
                if hole and not inside[number]
                else {"tensor": tensor, "index": list(index[number]), "value": value[number]}
                for tensor, index, inside, value in reads
            ]
            term = None if hole else self.terms[number]
            row = {
                "kind": "step",
                "scenario": scenario,
                "step": begin + number,
                "mac": None if mac is None or hole else mac + number,
                "address": place + tap_texts[tap],
                "layer": sweep.layer,
                "sweep": sweep.name,
                "cell": list(cells[cell]),
                "tap": list(taps[tap]),
                "reads": read_values,
                "left": read_values[0]["value"] if read_values else None,
                "right": read_values[1]["value"] if len(read_values) > 1 else None,
                "product": term if sweep.is_product else None,
                "term": term,
                "before": self._before(number, cell, tap),
                "after": self.running[number],
                "outside": self.outside[number],
                "why": "hole" if hole else "padding" if self.outside[number] else None,
            }
            if sweep.has_finish and tap == count - 1:
                row["total"] = self.totals[cell]
            yield row

    def _before(self, number: int, cell: int, tap: int) -> float | None:
        if tap:
            return self.running[number - 1]
        return None if self.starts is None else self.starts[cell]
