"""What one batch size needs: the kernels of a step in their order, and where its tensors lie."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from cnnsim.kernels.cuda.choice import choose
from cnnsim.kernels.cuda.closing import Carried
from cnnsim.kernels.cuda.faults import is_the_compilers
from cnnsim.kernels.cuda.feeding import ORDER, gather, mask
from cnnsim.kernels.cuda.general import general
from cnnsim.kernels.cuda.hosted import hosted
from cnnsim.kernels.cuda.jit import Kernel
from cnnsim.kernels.cuda.layout import RATE, Kept, steps_of
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.kernels.fill import Progress, Report
from cnnsim.kernels.general import needed
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS
from cnnsim.steps.sweep import Sweep


class Plan:
    """A step of one batch size, in training or in evaluation.

    Attributes:
        batch: samples of a step.
        steps: how many steps the ledger holds.
        masks: the names of the dropout masks, in the order of their keys.
        size: numbers of the arena.
        ledger: numbers of the ledger.
        output: where what the last layer says lies, and how many numbers that is.
        is_hosted: a sweep runs on the host, so that nothing can be recorded.
    """

    def __init__(self, iteration: Iteration, kept: Kept, by_class: bool) -> None:
        network = iteration.network
        self._iteration = iteration
        self.batch = network.batch
        self.steps = steps_of(self.batch)
        self.masks = tuple(network.constants)
        self.ledger = ORDER + self.steps * (self.batch + len(self.masks))
        trains = network.training and iteration.loss is not None
        wanted = {LOSS, *iteration.carried.values()} if trains else {iteration.output}
        sweeps = needed(iteration.sweeps, wanted)
        rooms = Rooms(iteration, kept)
        carried = self._carry(rooms, kept) if trains else None
        fast = choose(iteration, sweeps, rooms, kept, carried)
        self._kernels: list[Kernel | Sweep] = []
        for name, constant in network.constants.items():
            keys = ORDER + self.steps * self.batch + self.masks.index(name)
            elements = prod(constant.shape[1:])
            self._kernels.append(
                mask(keys, len(self.masks), self.batch, elements, constant.rate, rooms.of(name))
            )
        for sweep in sweeps:
            if rooms.is_copy(sweep.layer) and sweep.writes in rooms.same:
                continue
            if sweep.full_name in fast.kernels:
                self._kernels += fast.kernels[sweep.full_name]
            else:
                self._kernels.append(sweep)
        size = prod(network.input_shape)
        last = network.places[network.layers[-1].name].output
        if fast.last is not None:
            self._kernels.append(fast.last)
        width, target = (prod(last), rooms.of(f"{LOSS}.target")) if trains else (0, 0)
        first = gather(self.batch, size, rooms.of(INPUT), width, target, by_class)
        self._kernels.insert(0, first)
        self.output = rooms.of(iteration.output), self.batch * prod(last)
        for item in self._kernels:
            if isinstance(item, Sweep):
                for tensor in (*item.tensors, item.writes):
                    rooms.of(tensor)
        self._rooms = rooms
        self.size = rooms.layout.end
        self.is_hosted = False

    def _carry(self, rooms: Rooms, kept: Kept) -> Carried:
        """Give what a step makes anew the order of what it replaces: one copy brings it over."""
        begin, end = kept.carried
        updated = rooms.layout.take("updated", end - begin)
        for old, new in self._iteration.carried.items():
            rooms.put(new, updated + rooms.of(old) - begin)
        return Carried(begin, end, updated)

    def compile(self, arrays: tuple[Any, ...], report: Report) -> list[Callable[[Any], None]]:
        """What launches each kernel on a stream, on these `arrays`; nothing runs as yet.

        Those are arena, ledger, pictures and targets.
        """
        arena = arrays[0]
        launches: list[Callable[[Any], None]] = []
        self.is_hosted = False
        for number, item in enumerate(self._kernels, 1):
            name = item.full_name if isinstance(item, Sweep) else item.name
            what = f"{name}, kernel {number} of {len(self._kernels)}"
            report(Progress("compiling", what, 0.0))
            if isinstance(item, Kernel):
                given = arrays[: item.arguments]
                item.prepare(*given)
                launches.append(partial(_launch, item, given))
                continue
            try:
                kernel = general(item, self._rooms.places, self._rooms.shapes, RATE)
                kernel.prepare(arena)
            except Exception as error:
                if not is_the_compilers(error):
                    raise
                # A kind whose functions the compiler does not take still trains.
                report(
                    Progress("compiling", f"{name} stays on the CPU: {type(error).__name__}", 0.0)
                )
                run = hosted(item, self._rooms.places, self._rooms.shapes, RATE)
                self.is_hosted = True
                launches.append(partial(_host, run, arena))
                continue
            self._kernels[number - 1] = kernel
            launches.append(partial(_launch, kernel, (arena,)))
        return launches


def _launch(kernel: Kernel, arrays: tuple[Any, ...], stream: Any) -> None:
    kernel.launch(stream, *arrays)


def _host(run: Callable[[Any], None], arena: Any, stream: Any) -> None:
    run(arena)
