"""exp, log and their kin, of vectors, against NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numba import njit

from cnnsim.kernels.lanes.loops import functions
from cnnsim.kernels.lanes.loops.vector import lanes, load, memory_of, store
from cnnsim.kernels.lanes.memory import memory

Floats = npt.NDArray[np.float32]


def applied(function: Any) -> Callable[[Floats], Floats]:
    """`function` of every number of an array."""

    @njit
    def every(array: Any) -> None:
        m = memory_of(array)
        for at in range(0, array.size * lanes(m), lanes(m)):
            store(m, at, function(m, load(m, at)))

    def run(x: Floats) -> Floats:
        array = memory(-(-x.size // 16) * 16, 16)
        array.view(np.float32)[: x.size] = x
        every(array)
        return array.view(np.float32)[: x.size].copy()

    return run


def spread_over(low: float, high: float) -> Floats:
    """Many numbers, evenly and around 0."""
    near = np.geomspace(1e-30, min(high, 1), 2000)
    return np.concatenate([np.linspace(low, high, 40001), near, -near]).astype(np.float32)


def check(found: Floats, exact: npt.NDArray[np.float64], units: float) -> None:
    """Within so many units of the last place of float32."""
    with np.errstate(over="ignore"):
        unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert (np.abs(found - exact) <= units * unit).all()


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (functions.exp, np.exp),
        (functions.tanh, np.tanh),
        (functions.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    ],
    ids=["exp", "tanh", "sigmoid"],
)
def test_curves(function: Any, exact: Callable[[Any], Any]) -> None:
    x = spread_over(-86.0, 86.0)
    check(applied(function)(x), exact(x.astype(np.float64)), 3)


def test_logarithms() -> None:
    x = np.concatenate([np.geomspace(1e-44, 3e38, 60001), np.linspace(0.5, 2, 40001)])
    x = x.astype(np.float32)
    check(applied(functions.log)(x), np.log(x.astype(np.float64)), 2)


def test_far_ends() -> None:
    exp, log = applied(functions.exp), applied(functions.log)
    inf, nan = np.float32(np.inf), np.float32(np.nan)
    x = np.array([inf, 89.5, 88.7, -88, -100, -120, -inf, 0, nan], np.float32)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(exp(x), np.exp(x), rtol=1e-6, atol=1e-44)
    x = np.array([0, 1, inf, -1, -inf, nan], np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_equal(log(x), np.log(x))
