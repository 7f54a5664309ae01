"""Convolution against SciPy's two-dimensional ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import forward, network
from strategies import examples, generators, pairs

signal = pytest.importorskip("scipy.signal")


@examples(120)
@given(
    rng=generators(),
    plane=pairs(1, 8),
    size=pairs(1, 5),
    padding=st.sampled_from(["valid", "same", "full"]),
    mode=st.sampled_from(["cross_correlation", "convolution"]),
)
def test_modes(
    rng: np.random.Generator, plane: list[int], size: list[int], padding: str, mode: str
) -> None:
    # SciPy swaps picture and kernel where the picture is the smaller one.
    assume(padding != "valid" or all(s <= p for s, p in zip(size, plane, strict=True)))
    x, kernel = rng.standard_normal(plane), rng.standard_normal(size)
    entry = {"type": "conv2d", "kernel": kernel, "padding": padding, "mode": mode}
    ours = forward(network(entry, shape=(1, *plane)), x[np.newaxis, np.newaxis])[0, 0]
    if mode == "convolution":
        other = signal.convolve2d(x, kernel, mode=padding)
    elif padding == "same":
        # SciPy's correlation has the odd pixel of an even kernel at the top and left, ours at the
        # bottom and right: cut the right window out of the full result.
        full = signal.correlate2d(x, kernel, mode="full")
        first = [side // 2 for side in size]
        other = full[first[0] : first[0] + plane[0], first[1] : first[1] + plane[1]]
    else:
        other = signal.correlate2d(x, kernel, mode=padding)
    np.testing.assert_allclose(ours, other, rtol=1e-10, atol=1e-10)
