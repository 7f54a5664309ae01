"""One iteration as the CPU's engine computes it: the float32 numbers beside those of the sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.engine import Engine, Floats32, as_float32
from cnnsim.kernels.processors import processors
from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS
from cnnsim.network.optimizer import COUNTER, optimizers

#: With a momentum the velocity after the first step is the gradient, to the last bit.
_TELLING = {"optimizer": "sgd", "momentum": 0.5}


def engine_tensors(iteration: Iteration) -> frozenset[str]:
    """The tensors of `iteration` that an engine can be asked for."""
    if iteration.loss is None or iteration.optimizer is None:
        return frozenset()
    gradients = (slot.gradient for slot in iteration.slots)
    return frozenset({LOSS, *gradients, *iteration.carried.values()})


def trained_values(
    iteration: Iteration, leaves: Mapping[str, npt.NDArray[Any]], rate: float
) -> dict[str, Floats32]:
    """What the CPU's engine for `iteration` makes of it: each of `engine_tensors`.

    These are ``loss``, the gradients of what is trained (``conv1.dw``), and whatever the next
    iteration begins with (``conv1.w_next``, ``conv1.w_moment_next``): the bits of a run that was
    trained on a CPU. A GPU's may differ in their last digits.

    Args:
        iteration: with a loss and an optimiser.
        leaves: every tensor that no sweep computes.
        rate: the learning rate of this update.
    """
    taught = optimizers()["sgd"].model_validate(_TELLING)
    engine, losses = _step(iteration, leaves, rate)
    after = engine.tensors()
    found = {LOSS: losses.astype(np.float32).reshape(())}
    found |= {written: after[leaf] for leaf, written in iteration.carried.items()}
    telling = replace(iteration, optimizer=taught)
    # Its velocity is 0 before, whatever that of the run.
    fresh = {name: leaf for name, leaf in leaves.items() if name not in telling.states}
    told = _step(telling, fresh, rate)[0].tensors()
    return found | {slot.gradient: told[slot.state("velocity")] for slot in iteration.slots}


def _step(
    iteration: Iteration, leaves: Mapping[str, npt.NDArray[Any]], rate: float
) -> tuple[Engine, npt.NDArray[np.float64]]:
    """An engine after one update from `leaves`, and the loss before it."""
    from cnnsim.kernels.choose import engine_for

    engine = engine_for(iteration, processors())
    begun = {name: leaves[name] for name in iteration.network.parameters}
    begun |= {name: leaves[name] for name in iteration.carried if name in leaves}
    # The counter of an iteration counts its own update too.
    engine.load(begun | {COUNTER: np.asarray(leaves[COUNTER]) - 1})
    inputs = as_float32(leaves[INPUT])
    batches = np.arange(len(inputs))[np.newaxis]
    targets = np.asarray(leaves[f"{LOSS}.target"])
    return engine, engine.train(inputs, targets, batches, np.array([rate]))
