"""What every layer puts out for a few test pictures: the same ones whenever somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.network.graph import INPUT
from cnnsim.steps.sweep import Sweep
from cnnsim.training.run import Run
from cnnsim.training.samples import Samples, Split

#: How many pictures are looked at at most, and how many numbers of their maps are told.
_PICTURES, _NUMBERS = 20, 8192
#: The share of the time that looking may take beside training.
_SHARE = 0.1

Array = npt.NDArray[Any]
Tensors = Mapping[str, Array]
Fill = Callable[[Sweep, Tensors], npt.NDArray[np.float64]]


def specimens(split: Split) -> npt.NDArray[np.int64]:
    """The numbers of some test pictures: the first of each class in turn, then the second."""
    classes = split.test.classes
    ranks = np.zeros(len(classes), np.int64)
    for number in range(len(split.names)):
        found = np.flatnonzero(classes == number)
        ranks[found] = np.arange(len(found))
    return np.lexsort((classes, ranks))[:_PICTURES].astype(np.int64)


class Activations:
    """The layers of a run's network on its specimens, in evaluation mode.

    Attributes:
        chosen: the numbers of the specimens among the test pictures.
        samples: the specimens.
    """

    def __init__(self, run: Run, split: Split, fill: Fill = fill_vectorised) -> None:
        self.chosen = specimens(split)
        self.samples: Samples = split.test[self.chosen]
        self._names = split.names
        self._network = run.scenario.iteration.resized(len(self.chosen), False).network
        self._fill = fill
        self._next = 0.0

    @property
    def is_due(self) -> bool:
        """Whether looking again keeps to its share of the time."""
        return perf_counter() >= self._next

    def look(self, tensors: Tensors, shown: int = 0) -> dict[str, Any]:
        """For a snapshot: the statistics of every layer, and the maps of specimen `shown`.

        ``layers`` has ``name``, ``mean``, ``deviation``, ``units``, ``dead`` and ``pictures``, how
        many specimens there are: a unit is a map, or a feature, and it is dead where it puts out 0
        for every one of them.
        ``maps`` has ``picture`` (its number among the test pictures), ``class``, and for the input
        and every layer of maps ``name``, ``count``, ``shape``, ``values``, and ``bends`` where it
        changes each number of the layer before it by itself.
        """
        began = perf_counter()
        shown %= len(self.chosen)
        outputs = self._outputs(tensors)
        rows = []
        maps = [_maps(INPUT, self.samples.pictures[shown], False)]
        for layer in self._network.layers:
            values = outputs[f"{layer.name}.y"]
            units = np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)
            rows.append(
                {
                    "name": layer.name,
                    "mean": float(values.mean()),
                    "deviation": float(values.std()),
                    "units": len(units),
                    "dead": int((units == 0).all(axis=1).sum()),
                    "pictures": len(self.chosen),
                }
            )
            if values.ndim == 4:
                maps.append(_maps(layer.name, values[shown], layer.in_place))
        now = perf_counter()
        self._next = now + (now - began) / _SHARE
        return {
            "layers": rows,
            "maps": {
                "picture": int(self.chosen[shown]),
                "class": self._names[int(self.samples.classes[shown])],
                "layers": maps,
            },
        }

    def _outputs(self, tensors: Tensors) -> dict[str, Array]:
        found: dict[str, Array] = {INPUT: self.samples.pictures.astype(np.float64)}
        for name in self._network.parameters:
            found[name] = np.asarray(tensors[name], np.float64)
        for sweep in self._network.sweeps:
            found[sweep.writes] = self._fill(sweep, found)
        return found


def _maps(name: str, values: Array, bends: bool) -> dict[str, Any]:
    """As many maps [maps, rows, columns] as are told."""
    count, rows, columns = values.shape
    kept = min(count, max(_NUMBERS // (rows * columns), 1))
    return {
        "name": name,
        "count": count,
        "bends": bends,
        "shape": [kept, rows, columns],
        "values": np.round(values[:kept].astype(np.float64), 6).ravel().tolist(),
    }
