"""Pooling: ties, NaN, one-sided padding, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import forward, network, values_of
from strategies import examples, generators


def pooled(x: Any, kind: str = "max_pool2d", **options: Any) -> Any:
    x = np.array(x, np.float64)[np.newaxis, np.newaxis]
    return values_of(network({"type": kind, **options}, shape=x.shape[1:]), x)


def test_the_first_of_equal_maxima_wins() -> None:
    values = pooled([[3, 3, 1], [3, 3, 3], [0, 3, 3]], size=2, stride=1)
    assert values["max_pool2d.y"].tolist() == [[[[3, 3], [3, 3]]]]
    assert values["max_pool2d.winner"].tolist() == [[[[0, 1], [3, 4]]]]


def test_nan_wins_over_everything() -> None:
    values = pooled([[np.inf, np.nan], [np.nan, 5]], size=2)
    assert np.isnan(values["max_pool2d.y"]).all()
    assert values["max_pool2d.winner"].item() == 1


def test_minus_infinity_wins_over_padding() -> None:
    values = pooled([[-np.inf]], size=2, padding=1, stride=1)
    assert values["max_pool2d.y"].tolist() == [[[[-np.inf, -np.inf], [-np.inf, -np.inf]]]]
    assert values["max_pool2d.winner"].tolist() == [[[[0, 0], [0, 0]]]]


@examples(60)
@given(
    rng=generators(),
    size=st.integers(1, 4),
    stride=st.integers(1, 3),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    kind=st.sampled_from(["max_pool2d", "avg_pool2d"]),
    inside=st.booleans(),
)
def test_same_keeps_one_cell_for_each_stride(
    rng: np.random.Generator,
    size: int,
    stride: int,
    height: int,
    width: int,
    kind: str,
    inside: bool,
) -> None:
    """Against a loop over windows; ``same`` has its odd pixel at the bottom and right."""
    x = rng.standard_normal((height, width))
    options: dict[str, Any] = {"size": size, "stride": stride, "padding": "same"}
    if kind == "avg_pool2d":
        options["count_include_pad"] = not inside
    y = pooled(x, kind, **options)[f"{kind}.y"][0, 0]
    assert y.shape == (-(-height // stride), -(-width // stride))
    firsts = [max(size - (side % stride or stride), 0) // 2 for side in x.shape]
    for (row, column), found in np.ndenumerate(y):
        top, left = row * stride - firsts[0], column * stride - firsts[1]
        window = x[max(top, 0) : top + size, max(left, 0) : left + size]
        if kind == "max_pool2d":
            assert found == window.max()
        else:
            assert found == pytest.approx(window.sum() / (window.size if inside else size * size))


@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_window_reaches_the_picture(kind: str, side: int, size: int) -> None:
    """Padding of more than half a window is refused, on each side by itself."""
    padding = [0, 0, 0, 0]
    padding[side] = size // 2 + 1
    (error,) = network({"type": kind, "size": size, "padding": padding}, shape=(1, 6, 6)).errors
    assert "more than half" in str(error)
    padding[side] = size // 2
    y = forward(
        network({"type": kind, "size": size, "padding": padding, "stride": 1}, shape=(1, 6, 6)),
        np.ones((1, 1, 6, 6)),
    )
    assert np.isfinite(y).all()


def test_a_window_larger_than_the_picture_is_refused() -> None:
    (error,) = network({"type": "max_pool2d", "size": 3}, shape=(1, 2, 5)).errors
    assert "3x3" in str(error)
    assert "2x5" in str(error)


def test_pools_and_batch_norm_are_no_macs() -> None:
    net = network(
        {"type": "avg_pool2d", "size": 2},
        {"type": "batch_norm2d"},
        {"type": "max_pool2d", "size": 2},
        shape=(3, 8, 8),
    )
    assert not any(sweep.counts_macs for sweep in net.sweeps)
