"""A checkpoint: every number that training needs to go on as if it had never stopped.

It is a safetensors file. Parameters stand under PyTorch's names, so the file is also good for
``weights = "run/last.safetensors"``; the optimiser's states stand under ours. It holds no time and
no machine: the same run gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable
from cnnsim.network.graph import Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.optimizer import COUNTER
from cnnsim.scenario.writing import write_whole
from cnnsim.training.samples import Split

#: The key of the file's metadata. One only: several would be stored in an arbitrary order.
_KEY = "cnnsim"

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Point:
    """Where a run stands.

    Attributes:
        iteration: updates so far.
        epoch: epochs that are complete.
        loss: the sum of the losses of this epoch's pictures so far, each before its update.
        engine: what computed it.
        data: the digest of the pictures.
        names: of their classes.
        centred: whether they were made as MNIST's are.
    """

    iteration: int
    epoch: int
    loss: float
    engine: str
    data: int
    names: tuple[str, ...] = ()
    centred: bool = False


def point_at(iteration: int, each: int, loss: float, engine: str, split: Split) -> Point:
    """The point after so many updates, of which `each` make an epoch, with these pictures."""
    epoch = iteration // each
    return Point(iteration, epoch, loss, engine, split.digest, split.names, split.is_centred)


def _point(stored: Any) -> Point:
    """The point that a file's metadata holds. Raises AttributeError, TypeError, ValueError."""
    point = Point(**{**stored, "names": tuple(stored.get("names", ()))})
    numbers = (point.iteration, point.epoch, point.data)
    if any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError("iteration, epoch and data should be whole numbers")
    if not isinstance(point.loss, float | int) or not isinstance(point.engine, str):
        raise ValueError("loss should be a number, engine a word")
    if not all(isinstance(name, str) for name in point.names) or type(point.centred) is not bool:
        raise ValueError("names should be words, centred true or false")
    return point


def file_names(network: Network) -> dict[str, str]:
    """The name in files of every parameter: ``conv1.w`` is ``conv1.weight``."""
    return {
        name: f"{name.rpartition('.')[0]}.{parameter.torch_name}"
        for name, parameter in network.parameters.items()
    }


def write_checkpoint(path: Path, network: Network, tensors: Tensors, point: Point) -> None:
    """Write an engine's `tensors`. Raises OSError."""
    from safetensors.numpy import save

    names = file_names(network)
    stored = {
        names.get(name, name): np.ascontiguousarray(tensor)
        for name, tensor in tensors.items()
        if name != COUNTER
    }
    text = json.dumps(asdict(point), sort_keys=True)
    write_whole(path, save(stored, metadata={_KEY: text}))


def read_checkpoint(
    path: Path, iteration: Iteration, hint: str = ""
) -> tuple[dict[str, npt.NDArray[Any]], Point]:
    """The engine's tensors and where the run stood.

    Raises UsageError, with `hint`, where it is damaged.
    """
    network = iteration.network
    from safetensors import SafetensorError, safe_open

    ours = {stored: name for name, stored in file_names(network).items()}
    where = printable(str(path))
    try:
        with safe_open(path, framework="numpy") as stored:
            point = _point(json.loads((stored.metadata() or {})[_KEY]))
            tensors = {ours.get(name, name): stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            f"{where} is no checkpoint that can be read: {printable(str(error))}", hint
        ) from None
    shapes = {name: parameter.shape for name, parameter in network.parameters.items()}
    for name, shape in {**shapes, **iteration.states}.items():
        if name not in tensors or tensors[name].shape != shape or tensors[name].dtype.kind != "f":
            raise UsageError(f"{where} does not belong to this network: {name} does not fit", hint)
    tensors[COUNTER] = np.array([point.iteration], np.float32)
    return tensors, point
