"""Weights as PyTorch names and holds them, in a safetensors file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.network.graph import Network
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.training.checkpoint import Tensors, file_names


def to_safetensors(network: Network, tensors: Tensors) -> bytes:
    """The parameters only, as ``load_state_dict`` takes them."""
    from safetensors.numpy import save

    names = file_names(network)
    found = as_elsewhere(network, tensors)
    return save({names[name]: np.ascontiguousarray(tensor) for name, tensor in found.items()})


def as_elsewhere(network: Network, tensors: Tensors) -> dict[str, npt.NDArray[Any]]:
    """The parameters by their names here, with which other programs compute the same.

    Those only know cross-correlation: the kernels of a true convolution are turned by 180°.
    """
    found = {name: tensors[name] for name in network.parameters}
    for layer in network.layers:
        if isinstance(layer, Conv2d) and layer.mode == "convolution":
            name = network.places[layer.name].tensor("w")
            found[name] = found[name][:, :, ::-1, ::-1]
    return found
