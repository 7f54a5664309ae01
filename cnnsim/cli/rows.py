"""Steps by the thousand: the same fields as `Reading.as_dict`, many cells worked out at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.address import bracketed
from cnnsim.steps.fields import step_fields
from cnnsim.steps.sweep import Index, Sweep
from cnnsim.steps.trace import Trace, unravel_all
from cnnsim.steps.work import Block, work_out_block

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
            count = min(max(1, BLOCK // taps), (end - 1 - start) // taps + 1 - cell)
            cells = unravel_all(range(cell, cell + count), sweep.cells)
            block = work_out_block(sweep, cells, stepper.iterations.at(position.iteration))
            begin = start + cell * taps
            stop = min(end, begin + count * taps)
            rows = _Rows(trace, position.sweep, cells, block, step - begin, stop - begin)
            yield sweep, list(rows.of(stepper.scenario.name, iteration, begin))
            step = stop


class _Rows:
    """A block of the `number`-th sweep as lists with an entry for each step.

    Steps are counted within the block; those from `first` up to `stop` are wanted.
    """

    def __init__(
        self, trace: Trace, number: int, cells: Index, block: Block, first: int, stop: int
    ) -> None:
        self.sweep = trace.sweeps[number]
        self.block = block
        self.wanted = slice(first, stop)
        self.cells = _coordinates(cells, block.shape[0])
        self.taps = _coordinates(block.reach.taps, block.shape[1])
        self.hole = self._flat(block.reach.hole)
        columns = tuple(axis[:, np.newaxis] for axis in cells)
        macs = trace.mac_at(number, columns, block.reach.taps)
        self.macs = [None] * len(self.hole) if macs is None else self._flat(macs)

    def of(self, scenario: str, iteration: str, begin: int) -> Iterator[Row]:
        """The rows; `begin` is the step that is number 0 of the block."""
        sweep, block = self.sweep, self.block
        address = f"{iteration}{sweep.full_name}"
        cells, taps = self.cells, self.taps
        places = [address + bracketed(cell) for cell in cells]
        tap_texts = [f" tap{bracketed(tap)}" if tap else "" for tap in taps]
        layer, name, tap_count, is_product = (
            sweep.layer, sweep.name, sweep.tap_count, sweep.is_product,
        )  # fmt: skip
        reads = [self._reads(number) for number in range(len(sweep.reads))]
        totals = block.totals.tolist()
        last = tap_count - 1 if sweep.has_finish else -1
        for number, mac, read, is_hole, outside, term, before, after in zip(
            range(self.wanted.start, self.wanted.stop),
            self.macs,
            zip(*reads, strict=True) if reads else [()] * len(self.hole),
            self.hole,
            self._flat(~np.logical_and.reduce(block.reach.inside)),
            self._flat(block.terms),
            self._before(),
            self._flat(block.running),
            strict=True,
        ):
            cell, tap = divmod(number, tap_count)
            yield step_fields(
                scenario,
                begin + number,
                None if is_hole else mac,
                places[cell] + tap_texts[tap],
                layer,
                name,
                cells[cell],
                taps[tap],
                list(read),
                is_product,
                None if is_hole else term,
                before,
                after,
                totals[cell] if tap == last else None,
                outside,
                "hole" if is_hole else "padding" if outside else None,
            )

    def _flat(self, array: npt.NDArray[Any]) -> list[Any]:
        """The entries of the wanted steps."""
        found: list[Any] = np.broadcast_to(array, self.block.shape).ravel()[self.wanted].tolist()
        return found

    def _reads(self, number: int) -> list[Row]:
        """What read `number` gave at each step; nothing where it makes the step a hole."""
        tensor = self.sweep.reads[number].tensor
        reach = self.block.reach
        axes = reach.indices[number]
        stacked = np.stack(axes, -1) if axes else np.empty((*self.block.shape, 0))
        indices = stacked.reshape(self.block.terms.size, -1)[self.wanted].tolist()
        found = zip(indices, self._flat(self.block.values[number]), strict=True)
        if not any(self.hole):
            return [{"tensor": tensor, "index": index, "value": value} for index, value in found]
        gone = [
            is_hole and not within
            for is_hole, within in zip(self.hole, self._flat(reach.inside[number]), strict=True)
        ]
        return [
            {"tensor": tensor, "index": None, "value": None}
            if is_gone
            else {"tensor": tensor, "index": index, "value": value}
            for is_gone, (index, value) in zip(gone, found, strict=True)
        ]

    def _before(self) -> list[float | None]:
        """The running result before each step."""
        block = self.block
        if block.starts is None:
            # Nothing is folded: every cell is its one term.
            return [None] * len(self.hole)
        ahead = np.concatenate((block.starts[:, np.newaxis], block.running[:, :-1]), axis=1)
        return self._flat(ahead)


def _coordinates(axes: Index, count: int) -> list[list[int]]:
    """One list of coordinates for each of `count` cells or taps."""
    columns = [axis.tolist() for axis in axes]
    return [list(place) for place in zip(*columns, strict=True)] if columns else [[]] * count
