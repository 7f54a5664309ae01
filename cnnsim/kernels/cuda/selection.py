"""The fast kernels that are selected so far, and where a layer's numbers lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cnnsim.kernels.cuda.closing import Loss
from cnnsim.kernels.cuda.groups import Group
from cnnsim.kernels.cuda.jit import Kernel
from cnnsim.kernels.cuda.layout import Kept
from cnnsim.kernels.cuda.rooms import Rooms
from cnnsim.network.iteration import Iteration
from cnnsim.steps.sweep import Sweep


@dataclass
class Fast:
    """What stands in for sweeps.

    Attributes:
        kernels: by full name of a sweep, what runs in its turn; nothing where another does it too.
        last: what ends a step of training; it updates the parameters first, where it can.
    """

    kernels: dict[str, list[Kernel]] = field(default_factory=dict)
    last: Kernel | None = None


class Selection:
    """What whoever chooses kernels for a kind of layer is given, and adds to.

    Attributes:
        iteration: what a step is.
        sweeps: those that are wanted of it, by full name.
        rooms: where everything lies.
        kept: what stays from step to step.
        fast: the kernels so far.
        loss: where that of a step is found, if not where its sweep leaves it.
        done: the layers whose gradient before the activation comes from the one behind them.
    """

    def __init__(
        self, iteration: Iteration, sweeps: Sequence[Sweep], rooms: Rooms, kept: Kept
    ) -> None:
        self.iteration = iteration
        self.sweeps = {sweep.full_name: sweep for sweep in sweeps}
        self.rooms, self.kept = rooms, kept
        self.fast = Fast()
        self.loss: Loss | None = None
        self.done: set[str] = set()

    def put(self, name: str, *kernels: Kernel) -> None:
        """These kernels run in the turn of sweep `name`, if it is wanted."""
        if name in self.sweeps:
            self.fast.kernels[name] = list(kernels)

    def put_forward(self, group: Group, *kernels: Kernel) -> None:
        """The same for all sweeps forward of a group."""
        for name in (group.place.name, *(layer.name for layer in group.follow)):
            for sweep in ("forward", "winner"):
                self.put(f"{name}.{sweep}")
        self.put(f"{group.last.name}.forward", *kernels)

    def of(self, tensor: str) -> int:
        """Where a tensor begins."""
        return self.rooms.of(tensor)

    def wants(self, group: Group, *sweeps: str) -> bool:
        """Whether one of these sweeps of a group's layer with weights is wanted."""
        return any(f"{group.place.name}.{sweep}" in self.sweeps for sweep in sweeps)

    def goes_back(self, group: Group) -> bool:
        """Whether gradients come to a group's layer with weights."""
        return self.wants(group, "kernel_grad", "input_grad")

    def arriving(self, group: Group) -> str:
        """The tensor with the gradient of the layer's own output, before what follows it."""
        name = group.place.name
        if self.wants(group, "kernel_grad"):
            return self.sweeps[f"{name}.kernel_grad"].reads[1].tensor
        return self.sweeps[f"{name}.input_grad"].reads[0].tensor

    def take_along(self, below: Group | None) -> Group | None:
        """The group `below`, if a gradient can be taken along through its activation.

        From now on it counts as done.
        """
        if below is None or len(below.follow) != 1 or (below.shape and below.shape.pools):
            return None
        self.done.add(below.place.name)
        return below

    def bias(self, group: Group) -> int | None:
        """Where a group's bias lies, if it has one."""
        name = f"{group.place.name}.b"
        return self.of(name) if name in self.kept.shapes else None

    def scratch(self, name: str) -> Callable[[int], int]:
        """What gives room for parts of sums."""
        return lambda size: self.rooms.scratch(f"{name} parts", (size,))
