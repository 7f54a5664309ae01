"""The tensors of an opened scenario: given ones, and those computed from them when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from threading import Thread
from typing import Any

import numpy.typing as npt

from cnnsim.errors import UsageError
from cnnsim.kernels.fill import Report, fill, is_compiled, silent
from cnnsim.network.layer import times
from cnnsim.scenario.leaves import with_entry
from cnnsim.steps.sweep import Sweep

Array = npt.NDArray[Any]


class Overlay(MutableMapping[str, Array]):
    """Leaves of which some are replaced; the others stay those underneath."""

    def __init__(self, under: MutableMapping[str, Array], replaced: dict[str, Array]) -> None:
        self._under = under
        self._replaced = replaced

    def __getitem__(self, name: str) -> Array:
        return self._replaced[name] if name in self._replaced else self._under[name]

    def __setitem__(self, name: str, tensor: Array) -> None:
        self._replaced[name] = tensor

    def __delitem__(self, name: str) -> None:
        """Show again what is underneath."""
        del self._replaced[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._under)

    def __len__(self) -> int:
        return len(self._under)

    def __contains__(self, name: object) -> bool:
        return name in self._under


class Values(Mapping[str, Array]):
    """Tensors by name. `value[name]` computes what is missing; `is_ready` tells without computing.

    ``leaves`` are the tensors that no sweep writes; editing one forgets whatever followed from it.
    ``times`` is how often each sweep is going to run with other leaves (see `replaced`).
    """

    def __init__(
        self, sweeps: Sequence[Sweep], leaves: MutableMapping[str, Array], times: int = 1
    ) -> None:
        self._times = times
        self._sweeps = tuple(sweeps)
        self._writer = {sweep.writes: number for number, sweep in enumerate(self._sweeps)}
        self._leaves = leaves
        self._computed: dict[str, Array] = {}
        # Counts the edits: what was begun before one must not be kept after it.
        self._edits = 0

    def __getitem__(self, name: str) -> Array:
        if name not in self._leaves and name not in self._computed:
            self.compute([name])
        return self._leaves[name] if name in self._leaves else self._computed[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._leaves
        yield from self._writer

    def __len__(self) -> int:
        return len(self._leaves) + len(self._writer)

    @property
    def leaves(self) -> Mapping[str, Array]:
        """The tensors that no sweep writes."""
        return self._leaves

    def __contains__(self, name: object) -> bool:
        return name in self._leaves or name in self._writer

    def is_ready(self, name: str) -> bool:
        """Whether `name` is there without computing anything."""
        return name in self._leaves or name in self._computed

    def compute(self, names: Sequence[str], report: Report = silent) -> None:
        """Compute `names` and whatever they need. Raises KeyError for a name that is no tensor."""
        wanted = set(names)
        needed = []
        for number in range(
            max((self._writer[n] for n in names if not self.is_ready(n)), default=-1), -1, -1
        ):
            sweep = self._sweeps[number]
            if sweep.writes in wanted and sweep.writes not in self._computed:
                needed.append(sweep)
                wanted.update(sweep.tensors)
        needed.reverse()
        self._draw_ahead(needed)
        for sweep in needed:
            self._fill(sweep, report)

    def compute_all(self, report: Report = silent) -> None:
        """Compute everything, in the order of the sweeps."""
        self.compute([sweep.writes for sweep in self._sweeps], report)

    def _draw_ahead(self, sweeps: Sequence[Sweep]) -> None:
        """Have the leaves of large `sweeps` drawn while compiled code is loaded, and runs."""
        if any(is_compiled(sweep, self._times) for sweep in sweeps):
            names = [name for sweep in sweeps for name in sweep.tensors if name in self._leaves]

            def draw() -> None:
                for name in names:
                    self._leaves.get(name)

            Thread(target=draw, daemon=True).start()

    def _fill(self, sweep: Sweep, report: Report) -> None:
        """Compute one tensor; again where an edit came in between."""
        while True:
            edits = self._edits
            tensor = fill(sweep, self, report, self._times)
            if edits == self._edits:
                self._computed[sweep.writes] = tensor
                return

    def edit(self, name: str, index: tuple[int, ...], value: float) -> float:
        """Set one number of a leaf and forget what followed from it; returns the old number.

        Raises UsageError where `name` is computed, or `index` lies outside.
        """
        if name not in self._leaves:
            raise UsageError(f"{name} is computed; edit the input or a parameter instead")
        old = self._leaves[name]
        if len(index) != old.ndim or not all(
            0 <= at < extent for at, extent in zip(index, old.shape, strict=False)
        ):
            raise UsageError(f"{list(index)} is outside {name}, which is {times(old.shape)}")
        before = float(old[index])
        self._set(name, with_entry(old, index, value))
        return before

    def give(self, name: str, tensor: Array) -> None:
        """Replace a leaf and forget what followed from it. Raises UsageError."""
        if name not in self._leaves:
            raise UsageError(f"{name} is computed; give the input or a parameter instead")
        shape = self._leaves[name].shape
        if tensor.shape != shape:
            raise UsageError(f"{name} is {times(shape)} and {times(tensor.shape)} was given")
        self._set(name, tensor)

    def _set(self, name: str, tensor: Array) -> None:
        self._leaves[name] = tensor
        self._edits += 1
        for follower in self.followers(name):
            self._computed.pop(follower, None)

    def followers(self, name: str) -> set[str]:
        """Every tensor that depends on `name`."""
        reached = {name}
        for sweep in self._sweeps:
            if reached.intersection(sweep.tensors):
                reached.add(sweep.writes)
        return reached - {name}

    def replaced(self, name: str, tensor: Array) -> Values:
        """The values with another leaf; what does not follow from it is shared."""
        values = Values(self._sweeps, Overlay(self._leaves, {name: tensor}), self._times)
        gone = self.followers(name)
        values._computed = {key: kept for key, kept in self._computed.items() if key not in gone}
        return values
