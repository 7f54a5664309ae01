"""Layers as the entries of a file: what tests and benchmarks build their networks from."""

from __future__ import annotations

from typing import Any

Entry = dict[str, Any]

RELU: Entry = {"type": "relu"}
POOL: Entry = {"type": "max_pool2d", "size": 2}
FLAT: Entry = {"type": "flatten"}


def conv(filters: int, size: int, padding: int = 0, **keys: Any) -> Entry:
    """A convolution."""
    return {"type": "conv2d", "filters": filters, "size": size, "padding": padding, **keys}


def dense(units: int, **keys: Any) -> Entry:
    """A dense layer."""
    return {"type": "dense", "units": units, **keys}
