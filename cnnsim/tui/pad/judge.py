"""What a trained net finds in a picture, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Values

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """At one picture.

    Attributes:
        picture: what the net saw [channels, height, width].
        shares: how sure it is of each class; they add up to 1.
        maps_of: the layer whose maps follow.
        maps: of the first layer, after its ReLU if there is one [maps, height, width].
    """

    picture: Array
    shares: tuple[float, ...]
    maps_of: str
    maps: Array

    @property
    def best(self) -> int:
        """The likeliest class."""
        return int(np.argmax(self.shares))


class Judge:
    """The numbers of a net, in float64 and step by step. `stepper` holds them unchanged."""

    def __init__(self, stepper: Stepper) -> None:
        self._network = stepper.network
        names = (*self._network.parameters, *self._network.constants)
        self._leaves = {name: stepper.values[name] for name in names}

    def maps(self, picture: Array) -> tuple[str, Array]:
        """The first layer of maps, or the ReLU or the like behind it, and what it puts out."""
        layers = self._network.layers
        behind = len(layers) > 1 and type(layers[1]).in_place
        name = layers[1 if behind else 0].name
        leaves = self._leaves | {INPUT: picture[np.newaxis]}
        found = Values(self._network.sweeps, leaves)[f"{name}.y"][0]
        return name, found if found.ndim == 3 else found.reshape(1, 1, -1)

    @property
    def is_single(self) -> bool:
        """Whether one output stands for two classes."""
        return self._network.places[self._network.layers[-1].name].cells[-1] == 1

    def slopes(self, picture: Array, chosen: int) -> Array:
        """How the output of class `chosen` changes with each pixel, all channels [height, width].

        A single output speaks for class 1; class 0 has what it leaves of 1.
        """
        last, first = self._network.layers[-1].name, self._network.layers[0]
        given = np.zeros(self._network.places[last].cells)
        if self.is_single:
            given[0, 0] = 1.0 if chosen else -1.0
        else:
            given[0, chosen] = 1.0
        iteration = Iteration(self._network, given={last: given})
        leaves = self._leaves | {INPUT: picture[np.newaxis]} | iteration.given_tensors
        gradient = first.input_gradients(self._network.places[first.name])[0]
        slopes: Array = Values(iteration.sweeps, leaves)[gradient][0].sum(axis=0)
        return slopes
