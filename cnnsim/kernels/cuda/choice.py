"""The one place that says which kernels do what, by the shapes of the layers.

Whatever is not named here runs on the general kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
        updates: the trained parameters and their states are updated in place.
        updated_to: where these end in the arena.
    """

    kernels: dict[str, list[Kernel]] = field(default_factory=dict)
    updates: bool = False
    updated_to: int = 0


def choose(iteration: Iteration, sweeps: Sequence[Sweep], rooms: Rooms, kept: Kept) -> Fast:
    """The fast kernels for those `sweeps` of an iteration that have one."""
    return Fast()
