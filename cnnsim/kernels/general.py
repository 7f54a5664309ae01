"""The general engine: any network, loss and optimiser, by the sweeps of the iteration themselves.

Tensors are float32, each cell folds its taps in float64 and in order. A cell is one thread's, so
the bits do not depend on how many there are. The samples of a batch lie side by side in memory, for
most sweeps do the same to all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.core.errors import NumbaError

from cnnsim.kernels.engine import Floats32, Floats64, Integers, as_float32
from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.folding import Folder
from cnnsim.kernels.places import TooLarge
from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER
from cnnsim.steps.sweep import Sweep

#: Sweeps of fewer steps are not worth handing to threads.
_SHARED_FROM = 500_000
#: Numbers of the largest activations that evaluation holds at once.
_MOST_VALUES = 1 << 22


class GeneralEngine:
    """An `Engine` for whatever the scenario format allows.

    Args:
        iteration: what a step is; its batch does not matter.
        threads: how many work on one sweep.
        report: hears which kernel is being compiled, or loaded.
    """

    name = "general"

    def __init__(self, iteration: Iteration, threads: int = 1, report: Report = silent) -> None:
        self._iteration = iteration
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._threads = threads
        self._report = report
        self._plans: dict[tuple[int, bool], _Plan] = {}
        parameters = iteration.network.parameters
        self._kept: dict[str, Floats32] = {
            name: np.zeros(parameter.shape, np.float32) for name, parameter in parameters.items()
        }
        for name, shape in iteration.states.items():
            self._kept[name] = np.zeros(shape, np.float32)
        self._step = 0

    def load(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over parameters and states; those that are missing become zero."""
        for name, kept in self._kept.items():
            kept[...] = as_float32(tensors.get(name, 0))
        self._step = int(tensors[COUNTER][0]) if COUNTER in tensors else 0

    def tensors(self) -> dict[str, Floats32]:
        """A copy of parameters and states, and the updates so far as ``training.step``."""
        copies = {name: kept.copy() for name, kept in self._kept.items()}
        return {**copies, COUNTER: np.array([self._step], np.float32)}

    def train(
        self, inputs: Floats32, targets: npt.NDArray[Any], batches: Integers, rates: Floats64
    ) -> Floats64:
        """Take one step for each row of `batches`; the loss of each, before its update."""
        plan = self._plan(batches.shape[1], True)
        losses = np.empty(len(batches))
        for number, (batch, rate) in enumerate(zip(batches, rates.tolist(), strict=True)):
            losses[number] = plan.step(inputs[batch], targets[batch], self._step, rate)
            self._step += 1
        return losses

    def outputs(self, inputs: Floats32) -> Floats32:
        """What the last layer says of each sample in evaluation mode."""
        largest = max(
            sweep.cell_count for sweep in self._iteration.resized(1, False).network.sweeps
        )
        most = max(1, min(256, _MOST_VALUES // largest))
        found = [
            self._plan(len(piece), False).forward(piece)
            for piece in (inputs[first : first + most] for first in range(0, len(inputs), most))
        ]
        return np.concatenate(found)

    def _plan(self, batch: int, training: bool) -> _Plan:
        key = (batch, training)
        if key not in self._plans:
            # A partial batch ends every epoch and every evaluation; more sizes are not kept.
            if len(self._plans) >= 4:
                del self._plans[next(iter(self._plans))]
            iteration = self._iteration.resized(batch, training)
            self._plans[key] = _Plan(iteration, self._kept, self._run_shared, self._report)
        return self._plans[key]

    def _run_shared(self, fill: Folder, params: Any) -> None:
        """Let the threads fill a sweep."""
        pool = self._pool
        if pool is None or fill.units == 1:
            fill(0, fill.units, params)
            return
        ends = [fill.units * number // self._threads for number in range(self._threads + 1)]
        for done in [pool.submit(fill, a, b, params) for a, b in pairwise(ends)]:
            done.result()


class _Plan:
    """The sweeps that one batch size needs, with the arrays that they read and fill."""

    def __init__(
        self,
        iteration: Iteration,
        kept: dict[str, Floats32],
        share: Callable[[Folder, Any], None],
        report: Report,
    ) -> None:
        network = iteration.network
        self._iteration = iteration
        self._batch = network.batch
        self._input = self._room((network.batch, *network.input_shape))
        self._counter = np.zeros(1, np.float32)
        self._tensors: dict[str, npt.NDArray[Any]] = {
            **kept,
            INPUT: self._input,
            COUNTER: self._counter,
        }
        self._output = iteration.output
        if network.training and iteration.loss is not None:
            wanted = {LOSS, *iteration.carried.values()}
            last = network.places[network.layers[-1].name]
            self._shape = last.output
            self._tensors[f"{LOSS}.target"] = self._room((network.batch, *last.output))
        else:
            wanted = {self._output}
        self._masks = {}
        for name, constant in network.constants.items():
            self._masks[name] = constant
            self._tensors[name] = self._room(constant.shape)
        sweeps = needed(iteration.sweeps, wanted)
        self._runs = []
        for number, sweep in enumerate(sweeps):
            report(Progress("compiling", f"kernel {number + 1} of {len(sweeps)}", 0.0))
            # The loss is reported, not read again: it keeps its digits.
            kind = np.float64 if sweep.writes == LOSS else np.float32
            self._tensors[sweep.writes] = self._room(sweep.cells, kind)
            self._runs.append(self._bound(sweep, share))
        carried = iteration.carried if network.training else {}
        self._moves = [(kept[old], self._tensors[new]) for old, new in carried.items()]

    def _room(self, shape: tuple[int, ...], kind: type[np.generic] = np.float32) -> Any:
        """Zeros. The samples of a batch lie side by side, for they go through a sweep together."""
        if len(shape) > 1 and shape[0] == self._batch:
            return np.moveaxis(np.zeros((*shape[1:], shape[0]), kind), -1, 0)
        return np.zeros(shape, kind)

    def _bound(self, sweep: Sweep, share: Callable[[Folder, Any], None]) -> Callable[[float], None]:
        """What fills the sweep's tensor, given the learning rate."""
        try:
            fill = Folder(sweep, self._tensors, self._tensors[sweep.writes])
            fill(0, 0, None)
            units, is_shared = fill.units, sweep.steps >= _SHARED_FROM
        except (NumbaError, TooLarge):
            # A kind whose functions the compiler does not take still trains.
            tensors, out = self._tensors, self._tensors[sweep.writes]

            def slowly(rate: float) -> None:
                rule = replace(sweep, params=sweep.params_at(rate))
                out[...] = fill_vectorised(rule, tensors)

            return slowly

        def run(rate: float) -> None:
            params = sweep.params_at(rate)
            fill.prepare()
            if is_shared:
                share(fill, params)
            else:
                fill(0, units, params)

        return run

    def step(self, inputs: Floats32, targets: npt.NDArray[Any], number: int, rate: float) -> float:
        """Update number `number`, from 0; the loss before it."""
        self._input[...] = inputs
        loss = self._iteration.loss
        assert loss is not None
        self._tensors[f"{LOSS}.target"][...] = loss.rows(targets, self._shape)
        self._counter[0] = number + 1
        for name, mask in self._masks.items():
            self._tensors[name][...] = mask.draw(self._iteration.network.seed, name, number)
        for run in self._runs:
            run(rate)
        for kept, updated in self._moves:
            np.copyto(kept, updated)
        return float(self._tensors[LOSS])

    def forward(self, inputs: Floats32) -> Floats32:
        """The output of one batch."""
        self._input[...] = inputs
        for run in self._runs:
            run(0.0)
        copied: Floats32 = self._tensors[self._output].copy()
        return copied


def needed(sweeps: Sequence[Sweep], wanted: set[str]) -> list[Sweep]:
    """Those of `sweeps` that `wanted` tensors follow from, in order."""
    names = set(wanted)
    found = []
    for sweep in reversed(sweeps):
        if sweep.writes in names:
            found.append(sweep)
            names.update(sweep.tensors)
    return found[::-1]
