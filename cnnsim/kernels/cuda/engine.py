"""The training engine of the GPU. Weights, activations, states and pictures stay there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import cuda

from cnnsim.kernels.cuda.device import check_room, engine_name, find_device
from cnnsim.kernels.cuda.faults import NoRoomError, explained
from cnnsim.kernels.cuda.feeding import ORDER
from cnnsim.kernels.cuda.layout import PACES, Kept, losses_at, paces_at
from cnnsim.kernels.cuda.plan import Plan
from cnnsim.kernels.cuda.queue import Queue
from cnnsim.kernels.cuda.update import paces_of
from cnnsim.kernels.engine import Floats32, Floats64, Integers, as_float32
from cnnsim.kernels.fill import Report, silent
from cnnsim.network.iteration import Iteration
from cnnsim.network.mask import mask_key
from cnnsim.network.optimizer import COUNTER

#: Numbers of the largest activations that evaluation holds at once.
_MOST_VALUES = 1 << 26
#: Steps that one recorded graph makes, where there are as many.
_RECORDED = 16
#: What needs the memory, for people.
_WHAT = "this network with its batch"


@contextmanager
def _working() -> Iterator[None]:
    """Use the GPU, in any thread."""
    with explained():
        # A context is a thread's own: who goes on in another one has none as yet.
        cuda.current_context()
        yield


class CudaEngine:
    """An `Engine` on the GPU, for whatever the scenario format allows.

    Args:
        iteration: what a step is; its batch does not matter.
        report: hears which kernel is being compiled, or loaded.

    Attributes:
        name: with the kind of GPU, ``cuda sm_90``.
    """

    def __init__(self, iteration: Iteration, report: Report = silent) -> None:
        """Raises UsageError where there is no GPU, CnnsimError where it has too little memory."""
        self.name = engine_name(find_device())
        self._iteration = iteration
        self._report = report
        self._kept = Kept(iteration.resized(1, True))
        self._step = 0
        self._ready: dict[tuple[int, bool, bool], _Ready] = {}
        self._sets: dict[str, tuple[npt.NDArray[Any], Any]] = {}
        with _working():
            self._queue = Queue(report)
            self._arena = self._room(self._kept.layout.end, np.float32)
            self._ledger = self._room(ORDER, np.int64)
        self.load({})

    # -- numbers in and out ------------------------------------------------------------------------

    def load(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over parameters and states; those that are missing become zero."""
        begin, end = self._kept_span
        host = np.zeros(end - begin, np.float32)
        for name, shape in self._kept.shapes.items():
            at = self._kept.layout.places[name] - begin
            given = as_float32(tensors.get(name, 0))
            host[at : at + prod(shape)] = np.broadcast_to(given, shape).reshape(-1)
        with _working():
            self._arena[begin:end].copy_to_device(host)
            self._queue.wait()
        self._step = int(np.asarray(tensors[COUNTER]).ravel()[0]) if COUNTER in tensors else 0

    def tensors(self) -> dict[str, Floats32]:
        """A copy of parameters and states, and the updates so far as ``training.step``."""
        begin, end = self._kept_span
        with _working():
            host = self._arena[begin:end].copy_to_host()
        found: dict[str, Floats32] = {}
        for name, shape in self._kept.shapes.items():
            at = self._kept.layout.places[name] - begin
            found[name] = host[at : at + prod(shape)].reshape(shape).copy()
        return {**found, COUNTER: np.array([self._step], np.float32)}

    @property
    def _kept_span(self) -> tuple[int, int]:
        return self._kept.carried[0], self._kept.layout.end

    # -- work --------------------------------------------------------------------------------------

    def train(
        self, inputs: Floats32, targets: npt.NDArray[Any], batches: Integers, rates: Floats64
    ) -> Floats64:
        """Take one step for each row of `batches`; the loss of each, before its update.

        The losses are read back at the end of the call, or of as many steps as the ledger holds.
        """
        steps, batch = batches.shape
        if not steps:
            return np.empty(0)
        if not 0 <= batches.min() <= batches.max() < len(inputs) or len(targets) != len(inputs):
            raise ValueError(f"batches should name samples from 0 to {len(inputs) - 1}")
        network = self._iteration.network
        last = network.places[network.layers[-1].name].output
        by_class = targets.ndim == 1 and last != (1,)
        found = []
        with _working():
            pictures = self._on_device("pictures", inputs)
            wanted = self._on_device("targets", targets)
            ready = self._prepared(batch, True, by_class, pictures, wanted)
            most = ready.plan.steps
            for first in range(0, steps, most):
                rows, paces = batches[first : first + most], rates[first : first + most]
                self._feed(ready.plan, rows, paces)
                ready.run(len(rows))
                at = losses_at()
                found.append(self._arena[at : at + len(rows)].copy_to_host())
                self._step += len(rows)
        return np.concatenate(found).astype(np.float64)

    def outputs(self, inputs: Floats32) -> Floats32:
        """What the last layer says of each sample in evaluation mode."""
        network = self._iteration.resized(1, False).network
        last = network.places[network.layers[-1].name].output
        largest = max(sweep.cell_count for sweep in network.sweeps)
        most = max(1, min(1024, _MOST_VALUES // largest))
        found = [np.empty((0, prod(last)), np.float32)]
        with _working():
            pictures = self._on_device("test", inputs) if len(inputs) else None
            first = 0
            while first < len(inputs):
                rows = np.arange(first, min(first + most, len(inputs)))[np.newaxis]
                try:
                    ready = self._prepared(rows.size, False, False, pictures, pictures)
                except NoRoomError:
                    # An epoch that was trained shall not be lost for want of a smaller test.
                    if rows.size == 1:
                        raise
                    most = rows.size // 2
                    continue
                first += rows.size
                self._feed(ready.plan, rows, np.zeros(1))
                ready.run(1)
                at, size = ready.plan.output
                found.append(self._arena[at : at + size].copy_to_host().reshape(rows.size, -1))
        return np.concatenate(found).reshape(len(inputs), *last)

    def _feed(self, plan: Plan, rows: Integers, rates: Floats64) -> None:
        """Bring over what the next steps need to know, all at once."""
        numbers = range(self._step, self._step + len(rows))
        seed = self._iteration.network.seed
        keys = [mask_key(seed, name, number) for number in numbers for name in plan.masks]
        order = np.zeros(ORDER + rows.size, np.int64)
        order[ORDER:] = rows.reshape(-1)
        self._ledger[: order.size].copy_to_device(order)
        if keys:
            at = ORDER + plan.steps * plan.batch
            self._ledger[at : at + len(keys)].copy_to_device(
                np.array(keys, np.uint64).view(np.int64)
            )
        paces = paces_of(self._iteration.optimizer, rates, self._step)
        at = paces_at()
        self._arena[at : at + PACES * len(rows)].copy_to_device(paces.reshape(-1))
        # Copies go another way than launches do.
        self._queue.wait()

    # -- memory ------------------------------------------------------------------------------------

    def _room(self, size: int, kind: type[np.generic]) -> Any:
        """An array on the device, of any numbers. Raises CnnsimError where it has no room."""
        check_room(size * np.dtype(kind).itemsize, _WHAT)
        with explained():
            return cuda.device_array(size, kind)

    def _on_device(self, what: str, host: npt.NDArray[Any]) -> Any:
        """The numbers of `host` on the device; those that were there the last time still are.

        Others take their place where they fit in, so that what is recorded stays good.
        """
        kept, found = self._sets.get(what, (None, None))
        if kept is host:
            return found
        flat = np.ascontiguousarray(host, np.float32).reshape(-1)
        if found is None or found.size < flat.size:
            check_room(flat.nbytes, "what it learns from")
            found = cuda.device_array(flat.size, np.float32)
        found[: flat.size].copy_to_device(flat)
        self._sets[what] = host, found
        return found

    def _prepared(
        self, batch: int, training: bool, by_class: bool, pictures: Any, targets: Any
    ) -> _Ready:
        key = (batch, training, by_class)
        old = self._ready.get(key)
        if old is None:
            # A partial batch ends every epoch and every evaluation; more sizes are not kept.
            if len(self._ready) >= 4:
                del self._ready[next(iter(self._ready))]
            plan = Plan(self._iteration.resized(batch, training), self._kept, by_class)
            self._grow(plan)
        else:
            plan = old.plan
        arrays = (self._arena, self._ledger, pictures, targets)
        if old is None or any(a is not b for a, b in zip(old.arrays, arrays, strict=True)):
            self._ready[key] = _Ready(plan, arrays, self._queue, self._report)
        return self._ready[key]

    def _grow(self, plan: Plan) -> None:
        """Make the arena and the ledger large enough; what is kept moves along.

        Raises CnnsimError where there is no room; what is kept stays.
        """
        if plan.size > self._arena.size:
            old = self._arena.size
            check_room(4 * plan.size, _WHAT, given=4 * old)
            begin, end = self._kept_span
            kept = self._arena[begin:end].copy_to_host()
            # The old one goes first: there may be no room for both.
            self._ready = {}
            self._arena = None
            try:
                self._arena = self._room(plan.size, np.float32)
            finally:
                if self._arena is None:
                    self._arena = self._room(old, np.float32)
                self._arena[begin:end].copy_to_device(kept)
        if plan.ledger > self._ledger.size:
            self._ready = {}
            self._ledger = self._room(plan.ledger, np.int64)


class _Ready:
    """A plan compiled for certain arrays, and recorded when it first runs."""

    def __init__(self, plan: Plan, arrays: tuple[Any, ...], queue: Queue, report: Report) -> None:
        self.plan, self.arrays = plan, arrays
        self._queue = queue
        self._launches = plan.compile(arrays, report)
        self._recorded: dict[int, Callable[[], None]] = {}

    def run(self, steps: int) -> None:
        """Make so many steps and wait for them."""
        # Every launch would ask the driver anew which context is the current one.
        cuda.require_context(self._begin)(steps)
        self._queue.wait()

    def _begin(self, steps: int) -> None:
        if self.plan.is_hosted:
            for _ in range(steps):
                self._queue.run(self._launches)
        else:
            # Single ones too: an epoch's last batches are few, and so are those of a test.
            for times in (_RECORDED, 1):
                for _ in range(steps // times):
                    self._replayed(times)()
                steps %= times

    def _replayed(self, times: int) -> Callable[[], None]:
        """What makes so many steps at once."""
        if times not in self._recorded:
            self._recorded[times] = self._queue.record(self._launches, times)
        return self._recorded[times]
