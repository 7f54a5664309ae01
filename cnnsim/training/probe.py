"""How large the gradients are, from the numbers before and after updates that are made anyway."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from cnnsim.kernels.engine import Engine, Floats32
from cnnsim.network.optimizer import Optimizer, Slot
from cnnsim.training.checkpoint import Tensors
from cnnsim.training.run import Run

#: Pictures after which a measurement is done, and seconds that it may take of the training.
_PICTURES, _MOST = 200, 0.05

Row = dict[str, Any]


class Probe:
    """Means over some single updates, for each parameter that is trained.

    The engine keeps its gradients to itself; what an update did to the numbers says what they were.

    Attributes:
        rows: of the last measurement: ``name``, ``gradient`` (the mean of ‖dw‖, None where the
            optimiser does not say), ``change`` (the mean of ‖Δw‖ / ‖w‖), ``pictures``.
        updates: how many a measurement takes, unless they take too long.
        is_wanted: whether the next updates should be made one at a time, `before` and `after` each.
    """

    def __init__(self, run: Run) -> None:
        self._slots = run.iteration.slots
        self._optimizer = run.optimizer
        self.rows: list[Row] = []
        self.updates = -(-_PICTURES // run.optimizer.batch)
        self.is_wanted = False
        self._last: dict[str, Floats32] | None = None
        self._sums = np.zeros((len(self._slots), 2))
        self._made = self._pictures = 0
        self._spent = 0.0

    def want(self) -> None:
        """Measure from the next update on."""
        if not self.is_wanted:
            self.is_wanted = True
            self._last = None
            self._sums[:] = 0
            self._made = self._pictures = 0
            self._spent = 0.0

    def before(self, engine: Engine) -> None:
        """The next call of the engine makes one update."""
        if self._last is None:
            self._last = engine.tensors()

    def after(self, engine: Engine, rate: float, pictures: int) -> None:
        """It has made it, at that learning rate."""
        began = perf_counter()
        assert self._last is not None, "before comes first"
        now = engine.tensors()
        for row, slot in enumerate(self._slots):
            sizes = _sizes(self._optimizer, slot, self._last, now, rate)
            self._sums[row] += [np.nan if size is None else size for size in sizes]
        self._last = now
        self._made += 1
        self._pictures += pictures
        self._spent += perf_counter() - began
        if self._made >= self.updates or self._spent > _MOST:
            self.end()

    def end(self) -> None:
        """Measure no longer; what was measured so far counts."""
        self.is_wanted = False
        self._last = None
        if not self._made:
            return
        means = (self._sums / self._made).tolist()
        self.rows = [
            _row(slot, gradient, change, self._pictures)
            for slot, (gradient, change) in zip(self._slots, means, strict=True)
        ]
        self._made = 0


def gradients_between(
    run: Run, before: Tensors, after: Tensors, rate: float, pictures: int
) -> list[Row]:
    """The same rows for a single update at `rate`, from the numbers before and after it."""
    return [
        _row(slot, *_sizes(run.optimizer, slot, before, after, rate), pictures)
        for slot in run.iteration.slots
    ]


def _sizes(
    optimizer: Optimizer, slot: Slot, before: Tensors, after: Tensors, rate: float
) -> tuple[float | None, float | None]:
    """‖dw‖ and ‖Δw‖ / ‖w‖; None where it does not show."""
    old = {"w": before[slot.name].astype(np.float64)}
    new = {"w": after[slot.name].astype(np.float64)}
    for state in optimizer.states:
        if slot.state(state) in after:
            zeros = np.zeros(slot.shape)
            old[state] = before.get(slot.state(state), zeros).astype(np.float64)
            new[state] = after[slot.state(state)].astype(np.float64)
    gradient = optimizer.gradient_of(old, new, rate)
    size = _norm(old["w"])
    change = _norm(new["w"] - old["w"])
    return None if gradient is None else _norm(gradient), change / size if size else None


def _row(slot: Slot, gradient: float | None, change: float | None, pictures: int) -> Row:
    def known(size: float | None) -> float | None:
        return size if size is not None and np.isfinite(size) else None

    return {
        "name": slot.name,
        "gradient": known(gradient),
        "change": known(change),
        "pictures": pictures,
    }


def _norm(values: Any) -> float:
    return float(np.linalg.norm(values.ravel()))
