"""Pooling against torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import forward, network, values_of
from strategies import Case, both, examples, pools

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


@examples(150)
@given(pools("max_pool2d"))
def test_max_and_its_winner(case: Case) -> None:
    entry = case.entry
    # Torch measures the padding by the window without its dilation.
    sides = zip(both(entry["padding"]), both(entry["size"]), strict=True)
    assume(all(2 * padding <= size for padding, size in sides))
    values = values_of(case.net, case.x)
    largest, winner = torch.nn.functional.max_pool2d(
        torch.tensor(case.x),
        both(entry["size"]),
        both(entry.get("stride", entry["size"])),
        both(entry["padding"]),
        both(entry["dilation"]),
        ceil_mode=entry["ceil_mode"],
        return_indices=True,
    )
    assert values["max_pool2d.y"].shape == tuple(largest.shape)
    assert (values["max_pool2d.y"] == largest.numpy()).all()
    assert (values["max_pool2d.winner"] == winner.numpy()).all()


@examples(150)
@given(
    height=st.integers(1, 5),
    size=st.integers(1, 4),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 4),
    padding=st.integers(0, 2),
)
def test_a_window_that_steps_over_the_whole_picture_is_refused(
    height: int, size: int, stride: int, dilation: int, padding: int
) -> None:
    """Torch says −∞ there, and its gradient goes to a pixel outside of the picture."""
    assume(2 * padding <= size and (size - 1) * dilation < height + 2 * padding)
    options = {"size": [size, 1], "stride": stride, "dilation": [dilation, 1]}
    net = network({"type": "max_pool2d", **options, "padding": [padding, 0]}, shape=(1, height, 3))
    largest, winner = torch.nn.functional.max_pool2d(
        torch.ones(1, 1, height, 3),
        (size, 1),
        stride,
        (padding, 0),
        (dilation, 1),
        return_indices=True,
    )
    misses = bool(torch.isinf(largest).any())
    assert [error.layer for error in net.errors] == ["max_pool2d"] * misses
    assert all("steps over its whole input" in str(error) for error in net.errors)
    assert misses == bool((winner >= 3 * height).any() or (winner < 0).any())


@examples(150)
@given(pools("avg_pool2d"))
def test_average(case: Case) -> None:
    entry = case.entry
    expected = torch.nn.functional.avg_pool2d(
        torch.tensor(case.x),
        both(entry["size"]),
        both(entry.get("stride", entry["size"])),
        both(entry["padding"]),
        ceil_mode=entry["ceil_mode"],
        count_include_pad=entry["count_include_pad"],
    ).numpy()
    y = forward(case.net, case.x)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)
