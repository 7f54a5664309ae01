"""Trains many models of one network side by side on a GPU, each in a block of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import cuda

from cnnsim.kernels.cuda.device import check_room, engine_name, find_device, is_simulated, memory
from cnnsim.kernels.cuda.faults import explained
from cnnsim.kernels.cuda.models.forms import Forms, Tensors
from cnnsim.kernels.cuda.models.plan import THREADS, Plan, plan_of
from cnnsim.kernels.cuda.models.step import answering_kernel, keeping_kernel, training_kernel
from cnnsim.kernels.engine import MODELS, Floats32, Floats64
from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.lanes.chain import Refused
from cnnsim.kernels.lanes.rule import paces_of, rule_of
from cnnsim.network.iteration import Iteration

Flags = npt.NDArray[np.bool_]
#: Whole numbers of any size.
Whole = npt.NDArray[np.signedinteger[Any]]

#: The simulator's blocks: as much shared memory as on the GPUs that this is made for, and fewer
#: threads, for each is one of Python's.
_SIMULATED_MEMORY, _SIMULATED_THREADS = 232_448, 16

#: Models at once at most: each run holds a file open.
_MANY = 512
#: Samples that one launch tests at most: a GPU with a screen ends what takes seconds.
_TESTED = 1000


def block_memory() -> int:
    """Bytes of shared memory that a block can be allowed on this GPU."""
    if is_simulated():
        return _SIMULATED_MEMORY
    with explained():
        return int(cuda.gpus[0].MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)


def refuses(iteration: Iteration) -> str:
    """Why models of this network are not trained side by side here; empty where they are."""
    try:
        plan_of(iteration, block_memory())
    except Refused as reason:
        return str(reason)
    return ""


def room_for(iteration: Iteration) -> int:
    """How many models of a network the GPU has memory for now; `refuses` has nothing against it."""
    size = 4 * plan_of(iteration, block_memory()).model
    free = memory().free
    # As they are, and as they were when they were best; the rest is for pictures and batches.
    return _MANY if free == inf else min(_MANY, int(0.8 * free / (2 * size)))


class ModelsEngine:
    """Models of one network, with numbers of their own, that take their updates together.

    What a model becomes does not depend on the others. `refuses` must have nothing against it.

    Attributes:
        name: with the kind of GPU, ``cuda models sm_90``.
        models: how many.
    """

    def __init__(
        self,
        iteration: Iteration,
        models: int,
        report: Report = silent,
        shared: int | None = None,
    ) -> None:
        """Make room, and nothing more.

        Args:
            iteration: what an update is; its batch does not matter.
            models: how many.
            report: hears what is being compiled.
            shared: bytes of shared memory of a block; None for what the GPU has.

        Raises CnnsimError where the GPU has too little memory, Refused where `refuses` speaks.
        """
        self.name = engine_name(find_device(), MODELS)
        self.models = models
        self._plan: Plan = plan_of(
            iteration,
            block_memory() if shared is None else shared,
            _SIMULATED_THREADS if is_simulated() else THREADS,
        )
        self._forms = Forms(iteration, self._plan)
        self._rule = rule_of(iteration.optimizer)
        self._report = report
        self._train = training_kernel(self._plan, self._rule, models)
        self._test = answering_kernel(self._plan, models)
        self._keep = keeping_kernel(self._plan, models)
        size = models * self._plan.model
        check_room(2 * 4 * size, f"training {models} models at once")
        self._updates = 0
        self._kept_updates = np.zeros(models, np.int64)
        with explained():
            self._arena = cuda.to_device(np.zeros(size, np.float32))
            self._kept = cuda.device_array(size, np.float32)
            self._active = np.ones(models, np.int8)
            self._on_device: dict[str, Any] = {}
        self._compiled: set[str] = set()
        self.move(np.zeros((models, 0, 2), np.int64))
        self._rows: Floats32 | None = None
        self._kept_rows: Floats32 | None = None

    # -- the models' numbers -----------------------------------------------------------------------

    def load(self, every: Sequence[Tensors], updates: int) -> None:
        """Take over the numbers of each model, after so many updates."""
        rows = np.stack([self._forms.row(tensors) for tensors in every])
        self._updates = updates
        with explained():
            self._arena.copy_to_device(rows.ravel())
        self._rows = rows

    def tensors(self, model: int) -> dict[str, Floats32]:
        """A copy of everything that `load` takes of a model."""
        if self._rows is None:
            self._rows = self._down(self._arena)
        return self._forms.tensors(self._rows[model], self._updates)

    def keep(self, chosen: Flags) -> None:
        """Keep the `chosen` models as they are now; the others stay what was kept of them."""
        with explained():
            flags = cuda.to_device((chosen & self._active.astype(bool)).astype(np.int8))
            self._keep.launch(0, self._arena, self._kept, flags)
        self._kept_updates[chosen] = self._updates
        self._kept_rows = None

    def kept(self, model: int) -> dict[str, Floats32]:
        """The numbers of a model when it was last kept."""
        rows = self.fetch_kept()
        return self._forms.tensors(rows[model], int(self._kept_updates[model]))

    def fetch_kept(self) -> Floats32:
        """Bring over what was kept, before several threads ask for it."""
        if self._kept_rows is None:
            self._kept_rows = self._down(self._kept)
        return self._kept_rows

    def drop(self, model: int) -> None:
        """Compute nothing more for a model."""
        self._active[model] = 0

    def _down(self, arena: Any) -> Floats32:
        with explained():
            rows: Floats32 = arena.copy_to_host().reshape(self.models, -1)
        return rows

    # -- computing ---------------------------------------------------------------------------------

    def give(self, what: str, pictures: Floats32, targets: npt.NDArray[Any]) -> None:
        """Bring pictures [samples, …] and targets [samples, …] over, to ``train`` or ``test``."""
        with explained():
            for name, values in (("pictures", pictures), ("targets", targets)):
                flat = np.ascontiguousarray(values, np.float32).ravel()
                self._on_device[f"{what}.{name}"] = cuda.to_device(flat)

    def move(self, moves: Whole) -> None:
        """How far each training picture is moved from now on, down and right.

        Args:
            moves: pixels [models, samples, 2]; of no samples, where all of them stay.
        """
        with explained():
            self._on_device["moves"] = cuda.to_device(np.ascontiguousarray(moves, np.int16))

    def train(self, batches: Whole, sizes: Whole, rates: Floats64) -> Callable[[], Floats64]:
        """Begin an update of each model for each batch; the function waits, and gives the losses.

        Args:
            batches: the samples of each update [models, updates, most of a batch].
            sizes: how many of them count [updates].
            rates: the learning rates [models, updates].
        """
        updates = len(sizes)
        # Most often all of them have the same rates.
        known = {row.tobytes(): row for row in rates}
        made = {key: paces_of(self._rule, row, self._updates) for key, row in known.items()}
        paces = np.stack([made[row.tobytes()] for row in rates])
        with explained():
            losses = cuda.to_device(np.zeros((self.models, updates), np.float32))
            arguments = (
                self._arena,
                self._on_device["train.pictures"],
                self._on_device["train.targets"],
                cuda.to_device(np.ascontiguousarray(batches, np.int32)),
                self._on_device["moves"],
                cuda.to_device(paces),
                cuda.to_device(np.ascontiguousarray(sizes, np.int32)),
                cuda.to_device(self._active),
                losses,
            )
            self._compile(self._train, *arguments)
            self._train.launch(0, *arguments)
        self._updates += updates
        self._rows = None

        def wait() -> Floats64:
            # What the kernel reads is held until it has ended.
            with explained():
                found: Floats64 = arguments[-1].copy_to_host().astype(np.float64)
            return found

        return wait

    def test(self) -> tuple[Floats32, Floats64]:
        """What each model says [models, samples, outputs], and its mean loss [models]."""
        pictures, targets = self._on_device["test.pictures"], self._on_device["test.targets"]
        size, outputs = self._plan.size, self._plan.outputs
        count = targets.size // outputs
        answers = np.zeros((self.models, count, outputs), np.float32)
        losses = np.zeros((self.models, count), np.float32)
        with explained():
            active = cuda.to_device(self._active)
            for first in range(0, count, _TESTED):
                some = slice(first, min(first + _TESTED, count))
                arguments = (
                    self._arena,
                    pictures[some.start * size : some.stop * size],
                    targets[some.start * outputs : some.stop * outputs],
                    active,
                    cuda.to_device(answers[:, some].copy()),
                    cuda.to_device(losses[:, some].copy()),
                )
                self._compile(self._test, *arguments)
                self._test.launch(0, *arguments)
                answers[:, some] = arguments[-2].copy_to_host()
                losses[:, some] = arguments[-1].copy_to_host()
        return answers, losses.astype(np.float64).mean(axis=1)

    def _compile(self, kernel: Any, *arguments: Any) -> None:
        if kernel.name not in self._compiled:
            self._compiled.add(kernel.name)
            self._report(Progress("compiling", kernel.name, 0.0))
            kernel.prepare(*arguments)
