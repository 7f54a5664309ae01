"""How a network looks in the middle of its training, small enough for a pipe.

A snapshot is a JSON object: ``kind``, ``seed``, ``iteration``, ``filters`` (``name``, ``count``,
``channels``, ``shape`` [filters, rows, columns], ``values`` in row-major order, ``norms`` of each),
``tested`` (``iteration``, ``names``, ``confusion``, ``pictures``, ``loss``, ``mistakes``) once
there was a test, ``gradients`` (see `probe.Probe`) where somebody measured them, and ``layers``
and ``maps`` (see `activations.Activations`) now and then.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from cnnsim.kernels.processors import processors
from cnnsim.training.activations import Activations
from cnnsim.training.checkpoint import Tensors
from cnnsim.training.evaluate import Array, Measure, shares
from cnnsim.training.run import Run
from cnnsim.training.samples import Split
from cnnsim.training.trained import Evaluation, evaluate, open_trained

#: Filters, numbers of filters, mistakes and classes beyond which nobody could tell them apart.
_FILTERS, _NUMBERS, _MISTAKES, _CLASSES = 128, 8192, 40, 64


def take_snapshot(run: Run, tensors: Tensors, iteration: int) -> dict[str, Any]:
    """The network with these parameters, untested."""
    found = {"kind": "snapshot", "seed": run.seed, "iteration": iteration}
    filters = first_filters(run, tensors)
    return found if filters is None else found | {"filters": filters}


def first_filters(run: Run, tensors: Tensors) -> dict[str, Any] | None:
    """The first layer whose weights are pictures; of several channels, their mean."""
    shape = run.scenario.network.input_shape
    for name in run.scenario.network.parameters:
        values = tensors.get(name)
        if values is None or not name.endswith(".w"):
            continue
        if values.ndim == 4:
            planes = values
        elif values.ndim == 2 and len(shape) == 3 and values.shape[1] == prod(shape):
            planes = values.reshape(-1, *shape)
        else:
            return None
        count, channels, rows, columns = planes.shape
        kept = min(count, _FILTERS, max(_NUMBERS // (rows * columns), 1))
        norms = np.linalg.norm(planes[:kept].reshape(kept, -1).astype(np.float64), axis=1)
        return {
            "name": name,
            "count": count,
            "channels": channels,
            "shape": [kept, rows, columns],
            "values": planes[:kept].mean(axis=1).astype(np.float64).ravel().tolist(),
            "norms": norms.tolist(),
        }
    return None


@dataclass(frozen=True)
class Tested:
    """What the test pictures showed after some update.

    Attributes:
        outputs: of the last layer [samples, outputs].
        iteration: after how many updates.
    """

    measure: Measure
    outputs: Array
    iteration: int

    def as_json(self, run: Run, split: Split) -> dict[str, Any]:
        """For a snapshot: the confusion matrix, where it can be shown, and the worst mistakes."""
        sure = shares(run.scenario, self.outputs)
        return {"tested": _tested(Evaluation(split, self.measure, sure), self.iteration)}


def _tested(found: Evaluation, iteration: int) -> dict[str, Any]:
    measure, names = found.measure, found.split.names
    small = len(names) <= _CLASSES
    return {
        "iteration": iteration,
        "names": list(names),
        "confusion": measure.confusion(len(names)).tolist() if small else None,
        "pictures": len(measure.classes),
        "right": measure.right,
        "loss": measure.loss if isfinite(measure.loss) else None,
        "mistakes": [
            {
                "picture": number,
                "class": int(measure.classes[number]),
                "guess": int(measure.guesses[number]),
                "share": float(found.shares[number, measure.classes[number]]),
            }
            for number in found.worst(_MISTAKES)
        ],
    }


def snapshot_of(folder: Path, split: Split | None = None) -> dict[str, Any]:
    """The last checkpoint of the run in `folder`, tested, with its pictures where they are at hand.

    Raises CnnsimError.
    """
    trained = open_trained(folder)
    found = take_snapshot(trained.run, trained.tensors, trained.point.iteration)
    tested = evaluate(trained, max(1, processors() - 1), split=split)
    layers = Activations(trained.run, tested.split).look(trained.tensors)
    return found | {"tested": _tested(tested, trained.point.iteration)} | layers
