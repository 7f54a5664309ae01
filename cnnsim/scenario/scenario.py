"""A scenario, read and checked: the network, its input, its weights, its tour."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable
from cnnsim.network.graph import INPUT, Network
from cnnsim.network.parameter import stream_of
from cnnsim.scenario.model import Input, ScenarioModel, Stop
from cnnsim.scenario.picture import digit_picture, picture_size, read_picture


@dataclass(frozen=True)
class Scenario:
    """What a file says. Nothing is drawn or loaded before `leaves` is called.

    Attributes:
        name: the file's, without its ending.
        path: the file; None for standard input.
        text: what stood in it.
        model: its keys.
        network: its layers, connected and free of shape errors.
    """

    name: str
    path: Path | None
    text: str
    model: ScenarioModel
    network: Network

    @property
    def title(self) -> str:
        """The file's title."""
        return self.model.title

    @property
    def tour(self) -> tuple[Stop, ...]:
        """The stops of the tour."""
        return tuple(self.model.tour)

    def leaves(self) -> dict[str, npt.NDArray[Any]]:
        """Every tensor that no sweep computes: the input, parameters, masks. Raises UsageError."""
        seed = self.model.seed
        network = self.network
        given = self._weights()
        found: dict[str, npt.NDArray[Any]] = {INPUT: self._input()}
        for name, parameter in (*network.parameters.items(), *network.constants.items()):
            found[name] = given[name] if name in given else parameter.draw(seed, name)
        return found

    def read_files(self) -> None:
        """Read the picture and the weights that the file names. Raises UsageError."""
        if self.model.input.image is not None:
            self._input()
        self._weights()

    def _input(self) -> npt.NDArray[np.float64]:
        source = self.model.input
        shape = (self.network.batch, *self.network.input_shape)
        if source.values is not None:
            return source.values.reshape(shape)
        if source.ramp is not None:
            return np.arange(1, prod(shape) + 1, dtype=np.float64).reshape(shape)
        if source.random is not None:
            return stream_of(self.model.seed, INPUT).random(shape)
        if source.digit is not None:
            return digit_picture(source.digit, source.number).reshape(shape)
        if source.image is not None:
            path = beside(self.path, source.image)
            return read_picture(path, source.grey, source.size).reshape(shape)
        return np.full(shape, 1.0 if source.ones is not None else 0.0)

    def _weights(self) -> dict[str, npt.NDArray[Any]]:
        """Parameters from the weights file, by our names. Raises UsageError."""
        if self.model.weights is None:
            return {}
        path = beside(self.path, self.model.weights)
        where = printable(str(path))
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            stored = load_file(path)
        except (OSError, SafetensorError) as error:
            raise UsageError(f"{where} cannot be read: {printable(str(error))}") from None
        found = {}
        for name, parameter in self.network.parameters.items():
            key = f"{name.rpartition('.')[0]}.{parameter.torch_name}"
            if key not in stored:
                raise UsageError(
                    f"{where} has no tensor '{key}'", "it holds " + ", ".join(sorted(stored)[:20])
                )
            if stored[key].shape != parameter.shape:
                raise UsageError(
                    f"{where}: '{key}' is {list(stored[key].shape)} and the layer needs "
                    f"{list(parameter.shape)}"
                )
            found[name] = stored[key]
        return found


def beside(file: Path | None, name: str) -> Path:
    """`name` relative to the folder of `file`, or to the current one."""
    return (file.parent if file else Path()) / name


def input_shape(source: Input, file: Path | None) -> tuple[int, tuple[int, ...]]:
    """(batch, shape of one sample) of an input, without loading it. Raises UsageError."""
    if source.values is not None:
        shape: tuple[int, ...] = source.values.shape
        if not shape:
            shape = (1,)
        if len(shape) == 2:
            shape = (1, *shape)
    elif source.digit is not None:
        shape = digit_picture(source.digit, source.number).shape
    elif source.image is not None:
        size = source.size or picture_size(beside(file, source.image))
        shape = (1 if source.grey else 3, *size)
    else:
        shape = source.ramp or source.random or source.zeros or source.ones or ()
    return (shape[0], shape[1:]) if len(shape) == 4 else (1, shape)
