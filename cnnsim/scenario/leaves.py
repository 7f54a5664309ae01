"""The tensors that no sweep computes: the input, parameters, masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError, printable
from cnnsim.network.graph import INPUT, Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.parameter import Parameter, stream_of
from cnnsim.scenario.files import expanded, obstacle, reason_of
from cnnsim.scenario.model import Input, ScenarioModel
from cnnsim.scenario.picture import digit_picture, picture_size, read_picture
from cnnsim.steps.entry import parse_entry

Array = npt.NDArray[Any]

#: What tensors of a weights file may hold, in safetensors' words: what NumPy has a type for.
_READABLE = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}
#: A larger float32 tensor stays float32 when one of its values is edited.
_WIDEN_UP_TO = 1 << 20


def with_entry(tensor: Array, index: tuple[int, ...], value: float) -> Array:
    """A copy with another number at `index`, in float64 unless it is too large for that."""
    changed = tensor.astype(np.float64) if tensor.size <= _WIDEN_UP_TO else tensor.copy()
    changed[index] = value
    return changed


class Leaves(MutableMapping[str, Array]):
    """Leaves by name. What files hold is there at once; a layer is drawn when asked.

    `given` is the input; `stored` are the parameters from a weights file, which may be none.
    """

    def __init__(
        self, model: ScenarioModel, iteration: Iteration, given: Array, stored: Mapping[str, Array]
    ) -> None:
        network = iteration.network
        self._seed = model.seed
        # Two threads that ask for the same leaf draw it once.
        self._drawing = Lock()
        self._parameters = {**network.parameters, **network.constants}
        self._given = {INPUT: given, **iteration.given_tensors}
        self._known = {**self._given, **stored}
        shapes = {name: parameter.shape for name, parameter in self._parameters.items()}
        shapes |= {name: array.shape for name, array in self._given.items()}
        self._edits = [(*parse_entry(shapes, at), value) for at, value in model.edits.items()]
        for name in self._known:
            self._known[name] = self._edited(name, self._known[name])

    def _edited(self, name: str, tensor: Array) -> Array:
        """`tensor` with what the file changes in it."""
        for edited, index, value in self._edits:
            if edited == name:
                tensor = with_entry(tensor, index, value)
        return tensor

    def __getitem__(self, name: str) -> Array:
        if name not in self._known:
            with self._drawing:
                if name not in self._known:
                    drawn = self._parameters[name].draw(self._seed, name)
                    self._known[name] = self._edited(name, drawn)
        return self._known[name]

    def __setitem__(self, name: str, tensor: Array) -> None:
        self._known[name] = tensor

    def __delitem__(self, name: str) -> None:
        """Forget what was set; the next look draws it again."""
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._given
        yield from self._parameters

    def __len__(self) -> int:
        return len(self._given) + len(self._parameters)

    def __contains__(self, name: object) -> bool:
        return name in self._given or name in self._parameters


def read_input(model: ScenarioModel, network: Network, file: Path | None) -> Array:
    """The input [batch, …] in float64. Raises UsageError where a picture cannot be read."""
    source = model.input
    shape = (network.batch, *network.input_shape)
    if source.values is not None:
        return source.values.reshape(shape)
    if source.ramp is not None:
        return np.arange(1, prod(shape) + 1, dtype=np.float64).reshape(shape)
    if source.random is not None:
        return stream_of(model.seed, INPUT).random(shape)
    if source.digit is not None:
        return digit_picture(source.digit, source.number).reshape(shape)
    if source.image is not None:
        path = beside(file, source.image)
        return read_picture(path, source.grey, source.size).reshape(shape)
    return np.full(shape, 1.0 if source.ones is not None else 0.0)


def read_weights(model: ScenarioModel, network: Network, file: Path | None) -> dict[str, Array]:
    """Parameters from the weights file, by our names. Raises UsageError."""
    if model.weights is None:
        return {}
    path = beside(file, model.weights)
    where = printable(str(path))
    if what := obstacle(path):
        raise UsageError(f"{where} {what}", "name a safetensors file")
    if not path.stat().st_size:
        raise UsageError(f"{where} is empty", "name a safetensors file")
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            return {
                name: _stored(stored, where, name, parameter)
                for name, parameter in network.parameters.items()
            }
    except SafetensorError as error:
        said = printable(str(error).removeprefix("Error while deserializing header: "))
        raise UsageError(f"{where} is no safetensors file: {said}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{where} {printable(reason_of(error))}") from None


def _stored(stored: Any, where: str, name: str, parameter: Parameter) -> npt.NDArray[Any]:
    """A parameter from an opened weights file, in float32 or float64. Raises UsageError."""
    key = f"{name.rpartition('.')[0]}.{parameter.torch_name}"
    keys = stored.keys()
    if key not in keys:
        held = ", ".join(printable(name, 60) for name in sorted(keys)[:20])
        raise UsageError(f"{where} has no tensor '{key}'", f"it holds {held}")
    tensor = stored.get_slice(key)
    if tuple(tensor.get_shape()) != parameter.shape:
        raise UsageError(
            f"{where}: '{key}' is {tensor.get_shape()} and the layer needs {list(parameter.shape)}"
        )
    if tensor.get_dtype() not in _READABLE:
        raise UsageError(
            f"{where}: '{key}' holds {tensor.get_dtype()}, which cannot be read",
            "save it in float32",
        )
    found: npt.NDArray[Any] = stored.get_tensor(key)
    kept = np.float32 if found.dtype in (np.float16, np.float32) else np.float64
    return found.astype(kept, copy=False)


def beside(file: Path | None, name: str) -> Path:
    """`name` relative to the folder of `file`, or to the current one; ``~`` is a home folder.

    Raises UsageError.
    """
    return (file.parent if file else Path()) / expanded(name)


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
