"""A sweep that the GPU's compiler does not take: NumPy fills its tensor, on the host.

It is slow, for what it reads comes over and what it writes goes back; but a kind of layer that
nobody has tried on a GPU trains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numba import cuda

from cnnsim.kernels.cuda.general import Places, Shapes
from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.steps.sweep import Sweep


def hosted(sweep: Sweep, places: Places, shapes: Shapes, rate: int) -> Callable[[Any], None]:
    """What fills the tensor of `sweep` in the arena that it is called with."""

    def run(arena: Any) -> None:
        # Copies go another way than launches do: each waits for the other.
        cuda.synchronize()

        def read(name: str) -> Any:
            at, shape = places[name], shapes[name]
            return arena[at : at + prod(shape)].copy_to_host().reshape(shape)

        rule = sweep
        if sweep.has_rate:
            (now,) = arena[rate : rate + 1].copy_to_host().tolist()
            rule = replace(sweep, params=sweep.params_at(now))
        found = fill_vectorised(rule, {name: read(name) for name in sweep.tensors})
        flat = np.ascontiguousarray(found, np.float32).reshape(-1)
        at = places[sweep.writes]
        arena[at : at + flat.size].copy_to_device(flat)
        cuda.synchronize()

    return run
