"""The layers of ``oracles/layers.npz`` with what torch or SciPy says about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from networks import network

from cnnsim.network.graph import Network

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Oracle:
    """A layer of ``oracles/layers.npz`` with what torch or SciPy says about it."""

    entry: dict[str, Any]
    training: bool
    arrays: dict[str, Array]
    expected: tuple[str, ...]

    @property
    def net(self) -> Network:
        """The network of this one layer."""
        x = self.arrays["x"]
        return network(self.entry, shape=x.shape[1:], batch=len(x), training=self.training)

    def __repr__(self) -> str:
        given = self.entry.items()
        keys = (f"{key}={value}" for key, value in given if not isinstance(value, np.ndarray))
        return " ".join(keys)


def oracles() -> list[Oracle]:
    """Every case of the file that ``oracles/make.py`` writes."""
    with np.load(Path(__file__).parent / "oracles" / "layers.npz") as file:
        arrays = dict(file)
    found = []
    for number, case in enumerate(json.loads(str(arrays["cases"]))):
        mark = f"{number}."
        own = {name[len(mark) :]: a for name, a in arrays.items() if name.startswith(mark)}
        entry = {**case["entry"], **{key: own[key] for key in case["given"]}}
        found.append(Oracle(entry, case["training"], own, tuple(case["expected"])))
    return found
