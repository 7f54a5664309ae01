"""An iteration: forward, loss, backward, update, as one tuple of sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from cnnsim.network.backward import backward_sweeps
from cnnsim.network.graph import BYTES_A_TAP, Network, connect
from cnnsim.network.layer import Place
from cnnsim.network.loss import LOSS, Loss
from cnnsim.network.optimizer import COUNTER, Optimizer, Slot
from cnnsim.steps.sweep import Sweep

Floats = npt.NDArray[np.float64]

#: Iterations besides the first whose tensors are kept.
KEPT = 8


@dataclass(frozen=True)
class Iteration:
    """What runs once. With a loss or a given output gradient the backward pass runs too.

    Attributes:
        network: the layers; free of shape errors.
        loss: of the last layer's output, or None.
        given: dL/dy by layer, in place of a loss; L is then Σ ⟨given, y⟩.
        optimizer: how the weights change, or None; needs one of the two.
    """

    network: Network
    loss: Loss | None = None
    given: Mapping[str, Floats] = field(default_factory=dict)
    optimizer: Optimizer | None = None

    @property
    def output(self) -> str:
        """The tensor of the last layer's output."""
        return f"{self.network.layers[-1].name}.y"

    @property
    def gradients(self) -> dict[str, str]:
        """The tensors with dL/dy of the layers where L begins; empty without a backward pass."""
        if self.loss is not None:
            return {self.network.layers[-1].name: f"{LOSS}.dx"}
        read = {tensor for place in self.network.places.values() for tensor in place.tensors}
        # Where other layers read the output too, dy is the sum of what is given and what they say.
        return {
            layer: f"{layer}.{'given' if f'{layer}.y' in read else 'dy'}" for layer in self.given
        }

    @property
    def _loss_place(self) -> Place:
        last = self.network.places[self.network.layers[-1].name]
        return Place(LOSS, last.batch, (self.output,), (last.output,), ())

    @cached_property
    def _backward(self) -> tuple[Sweep, ...]:
        return backward_sweeps(self.network, self.gradients) if self.gradients else ()

    @cached_property
    def phases(self) -> dict[str, tuple[Sweep, ...]]:
        """The sweeps of ``forward``, ``loss``, ``backward`` and ``update``; some may be empty."""
        loss: list[Sweep] = []
        if self.loss is not None:
            loss = [*self.loss.sweeps(self._loss_place), *self.loss.backward(self._loss_place)]
        update: list[Sweep] = []
        if self.optimizer is not None:
            for slot in self.slots:
                update += self.optimizer.sweeps(slot)
            update += self._keeping
        return {
            "forward": self.network.sweeps,
            "loss": tuple(loss),
            "backward": self._backward,
            "update": tuple(update),
        }

    @cached_property
    def _keeping(self) -> tuple[Sweep, ...]:
        """What layers keep by themselves, such as running means."""
        network = self.network
        if not network.training:
            return ()
        return tuple(
            sweep for layer in network.layers for sweep in layer.keep(network.places[layer.name])
        )

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """All sweeps, in order."""
        return tuple(sweep for phase in self.phases.values() for sweep in phase)

    def phase_of(self, number: int) -> str:
        """The phase that the `number`-th sweep belongs to."""
        for name, sweeps in self.phases.items():
            if number < len(sweeps):
                return name
            number -= len(sweeps)
        raise IndexError("the iteration has fewer sweeps")

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The parameters that are trained: those that have a gradient."""
        written = {sweep.writes for sweep in self._backward}
        found = []
        for name, parameter in self.network.parameters.items():
            layer, _, role = name.rpartition(".")
            slot = Slot(layer, role, parameter.shape)
            if parameter.trained and slot.gradient in written:
                found.append(slot)
        return tuple(found)

    @cached_property
    def given_tensors(self) -> dict[str, Floats]:
        """Tensors of the first iteration that are neither input nor parameters."""
        found: dict[str, Floats] = {}
        if self.loss is not None:
            place = self._loss_place
            found[place.tensor("target")] = self.loss.target_values(place.inputs[0], place.batch)
        found.update({self.gradients[layer]: given for layer, given in self.given.items()})
        if self.optimizer is not None:
            found[COUNTER] = np.ones(1)
            found.update({name: np.zeros(shape) for name, shape in self.states.items()})
        return found

    @cached_property
    def states(self) -> dict[str, tuple[int, ...]]:
        """What the optimiser keeps: of its states those that its update reads, with their shapes.

        Plain gradient descent has no use for a velocity.
        """
        if self.optimizer is None:
            return {}
        read = {tensor for sweep in self.phases["update"] for tensor in sweep.tensors}
        every = {slot.state(s): slot.shape for slot in self.slots for s in self.optimizer.states}
        return {name: shape for name, shape in every.items() if name in read}

    @cached_property
    def carried(self) -> Mapping[str, str]:
        """By leaf of the next iteration, the tensor of this one: ``conv1.w``: ``conv1.w_next``."""
        if self.optimizer is None:
            return {}
        found = {slot.name: slot.updated for slot in self.slots}
        found.update({state: f"{state}_next" for state in self.states})
        found.update({sweep.writes.removesuffix("_next"): sweep.writes for sweep in self._keeping})
        return found

    def resized(self, batch: int, training: bool) -> Iteration:
        """The same for another number of samples, in training or evaluation mode.

        The loss asks of each what it asked of the first one.
        """
        network, loss = self.network, self.loss
        if loss is not None and batch != network.batch:
            loss = loss.repeated(self._loss_place.inputs[0], network.batch, batch)
        return replace(
            self,
            network=connect(network.layers, network.input_shape, batch, training, network.seed),
            loss=loss,
        )

    @property
    def bytes_needed(self) -> int:
        """What stepping through one iteration takes, nothing allocated yet."""
        forward = sum(sweep.cell_count for sweep in self.network.sweeps)
        every = sum(sweep.cell_count for sweep in self.sweeps)
        taps = max((sweep.tap_count for sweep in self.sweeps), default=0)
        kept = sum(prod(shape) for shape in self.states.values())
        repeats = min(self.optimizer.iterations - 1, KEPT) if self.optimizer else 0
        more = every - forward + kept + repeats * (every + kept)
        return self.network.bytes_needed + BYTES_A_TAP * taps + 8 * more

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor."""
        found = dict(self.network.shapes)
        found.update({name: tensor.shape for name, tensor in self.given_tensors.items()})
        found.update({sweep.writes: sweep.cells for sweep in self.sweeps})
        return found
