"""Every step of a run by its number, with nothing recorded: index <-> sweep, cell, tap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from cnnsim.errors import AddressError
from cnnsim.steps.sweep import Sweep


class Position(NamedTuple):
    """One step, taken apart. ``sweep`` counts within the iteration."""

    iteration: int
    sweep: int
    cell: tuple[int, ...]
    tap: tuple[int, ...]


def unravel(number: int, extents: Sequence[int]) -> tuple[int, ...]:
    """The coordinates of the `number`-th element in row-major order.

    >>> unravel(7, (2, 3, 4))
    (0, 1, 3)
    """
    coordinates = []
    for extent in reversed(extents):
        number, coordinate = divmod(number, extent)
        coordinates.append(coordinate)
    return tuple(reversed(coordinates))


def unravel_all(numbers: Sequence[int], extents: Sequence[int]) -> tuple[Any, ...]:
    """The same for many numbers: one array of coordinates for each axis."""
    flat: Any = np.asarray(numbers, np.int64)
    # Arrays of numbers come apart by divmod just as plain ints do.
    return unravel(flat, extents)


def ravel(coordinates: Sequence[Any], extents: Sequence[int]) -> Any:
    """The row-major number of `coordinates`, the inverse of `unravel`; of arrays, an array."""
    number: Any = 0
    for coordinate, extent in zip(coordinates, extents, strict=True):
        number = number * extent + coordinate
    return number


class Trace:
    """The steps of an iteration's sweeps, repeated `iterations` times, numbered from 0.

    ``len`` is the number of steps. Numbers are Python ints: 10^18 steps are as good as ten.

    Args:
        vary: a sweep in a certain iteration, where its constants differ; its extents may not.
    """

    def __init__(
        self,
        sweeps: Sequence[Sweep],
        iterations: int = 1,
        vary: Callable[[Sweep, int], Sweep] | None = None,
    ) -> None:
        self.sweeps = tuple(sweeps)
        self.iterations = iterations
        self._vary = vary
        self.ends = tuple(accumulate(sweep.steps for sweep in self.sweeps))
        self.steps_per_iteration = self.ends[-1] if self.ends else 0
        self.mac_ends = tuple(
            accumulate(sweep.steps if sweep.counts_macs else 0 for sweep in self.sweeps)
        )
        self._by_name = {sweep.full_name: number for number, sweep in enumerate(self.sweeps)}

    def __len__(self) -> int:
        return self.steps_per_iteration * self.iterations

    @property
    def macs(self) -> int:
        """How many multiply-adds one iteration numbers."""
        return self.mac_ends[-1] if self.mac_ends else 0

    def position(self, step: int) -> Position:
        """Take `step` apart. Raises AddressError outside 0 .. len - 1."""
        if not 0 <= step < len(self):
            raise AddressError(
                f"step {step:,} does not exist", f"steps run from 0 to {len(self) - 1:,}"
            )
        iteration, rest = divmod(step, self.steps_per_iteration)
        number = bisect_right(self.ends, rest)
        sweep = self.sweeps[number]
        cell, tap = divmod(rest - self.first_step(number), sweep.tap_count)
        return Position(iteration, number, unravel(cell, sweep.cells), unravel(tap, sweep.taps))

    def step(self, position: Position) -> int:
        """The number of `position`, the inverse of `position()`."""
        sweep = self.sweeps[position.sweep]
        cell: int = ravel(position.cell, sweep.cells)
        tap: int = ravel(position.tap, sweep.taps)
        start = position.iteration * self.steps_per_iteration + self.first_step(position.sweep)
        return start + cell * sweep.tap_count + tap

    def first_step(self, sweep: int) -> int:
        """The number of the first step of the `sweep`-th sweep, in iteration 0."""
        return self.ends[sweep - 1] if sweep else 0

    def sweep_of(self, position: Position) -> Sweep:
        """The sweep that `position` is in, as it is in that iteration."""
        sweep = self.sweeps[position.sweep]
        return sweep if self._vary is None else self._vary(sweep, position.iteration)

    def number_of(self, full_name: str) -> int | None:
        """The place of sweep ``layer.name`` in an iteration, or None."""
        return self._by_name.get(full_name)

    def sweeps_of_layer(self, layer: str) -> list[int]:
        """The places of a layer's sweeps in an iteration, in order."""
        return [number for number, sweep in enumerate(self.sweeps) if sweep.layer == layer]

    def mac(self, step: int) -> int | None:
        """The number of the forward multiply-add that `step` is, within its iteration, or None.

        A gradient's step has the number of its forward twin. Holes have none, which is for the
        caller to know.
        """
        position = self.position(step)
        mac: int | None = self.mac_at(position.sweep, position.cell, position.tap)
        return mac

    def mac_at(self, number: int, cell: Any, tap: Any) -> Any:
        """The same for a cell and a tap of the `number`-th sweep, or for arrays of coordinates."""
        sweep = self.sweeps[number]
        if sweep.twin is not None:
            cell, tap = sweep.twin(cell, tap, sweep.params)
            number = self._by_name[f"{sweep.layer}.forward"]
            sweep = self.sweeps[number]
        elif not sweep.counts_macs:
            return None
        before = self.mac_ends[number - 1] if number else 0
        return before + ravel(cell, sweep.cells) * sweep.tap_count + ravel(tap, sweep.taps)

    def step_of_mac(self, mac: int, iteration: int = 0) -> int:
        """The step of multiply-add `mac`. Raises AddressError where there is none."""
        if not 0 <= mac < self.macs:
            there = f"they run from 0 to {self.macs - 1:,}" if self.macs else "there are none here"
            raise AddressError(f"multiply-add {mac:,} does not exist", there)
        number = bisect_right(self.mac_ends, mac)
        before = self.mac_ends[number - 1] if number else 0
        return iteration * self.steps_per_iteration + self.first_step(number) + mac - before
