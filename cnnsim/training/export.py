"""Weights as PyTorch names them, in a safetensors file."""

from __future__ import annotations

import numpy as np

from cnnsim.network.graph import Network
from cnnsim.training.checkpoint import Tensors, file_names


def to_safetensors(network: Network, tensors: Tensors) -> bytes:
    """The parameters only, as ``load_state_dict`` takes them."""
    from safetensors.numpy import save

    names = file_names(network)
    return save({stored: np.ascontiguousarray(tensors[name]) for name, stored in names.items()})
