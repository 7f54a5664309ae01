"""What a trained net says of a picture, and why."""

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
class Opinion:
    """Of one picture.

    Attributes:
        picture: what the net saw [channels, height, width].
        outputs: of the last layer [classes].
        maps: of the first layers, after their ReLU if there is one [maps, height, width].
        maps_of: the layer they are of.
        chosen: the class that `slopes` are of.
        slopes: how the output of that class changes with each pixel, dy/dx [height, width].
    """

    picture: Array
    outputs: Array
    maps: Array
    maps_of: str
    chosen: int
    slopes: Array


class Judge:
    """A trained net that looks at pictures. `stepper` holds its numbers; it is not changed."""

    def __init__(self, stepper: Stepper) -> None:
        self._network = stepper.network
        names = (*self._network.parameters, *self._network.constants)
        self._leaves = {name: stepper.values[name] for name in names}
        self._last = self._network.layers[-1].name
        self._shown = self._first_maps()

    def _first_maps(self) -> str:
        """The first layer of maps, or the ReLU or the like behind it."""
        layers = self._network.layers
        first = layers[0].name
        if len(layers) > 1 and type(layers[1]).in_place:
            return layers[1].name
        return first

    def look(self, picture: Array, chosen: int | None = None) -> Opinion:
        """Look at a picture [channels, height, width]; `chosen` is the class to explain.

        None means the class that the net finds likeliest.
        """
        seen = picture[np.newaxis]
        values = Values(self._network.sweeps, self._leaves | {INPUT: seen})
        outputs = values[f"{self._last}.y"][0]
        best = int(outputs.argmax()) if chosen is None else chosen
        maps = values[f"{self._shown}.y"][0]
        return Opinion(
            picture,
            outputs,
            maps if maps.ndim == 3 else maps.reshape(1, 1, -1),
            self._shown,
            best,
            self._slopes(seen, outputs.shape, best),
        )

    def _slopes(self, seen: Array, shape: tuple[int, ...], chosen: int) -> Array:
        given = np.zeros((1, *shape))
        given[0, chosen] = 1.0
        iteration = Iteration(self._network, given={self._last: given})
        leaves = self._leaves | {INPUT: seen} | iteration.given_tensors
        values = Values(iteration.sweeps, leaves)
        first = self._network.layers[0]
        gradient = first.input_gradients(self._network.places[first.name])[0]
        slopes: Array = values[gradient][0].sum(axis=0)
        return slopes
