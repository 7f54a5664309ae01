"""What is compiled in parts does what the same functions do in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.errors import NumbaError

from cnnsim.kernels.jit import entry, overloading, part


@part
def twice(x: Any) -> Any:
    return 2 * x


@part
def both(x: Any, y: Any) -> Any:
    # Calls one part, and one that calls it too.
    return twice(x) + four_times(y)


@part
def four_times(x: Any) -> Any:
    return twice(twice(x))


def kind_of(x: Any) -> str:
    """Which function it is."""
    return "whole" if isinstance(x, int) else "real"


@overloading(kind_of)
def _kind_of(x: Any) -> Any:
    from numba import types

    def whole(x: Any) -> Any:
        return four_times(x)

    def real(x: Any) -> Any:
        return twice(x)

    return whole if isinstance(x, types.Integer) else real


def fill(out: Any, x: Any, y: Any) -> None:
    for k in range(out.size):
        out[k] = both(x + k, y - k)


def filled(function: Any, x: Any, y: Any) -> list[float]:
    out = np.zeros(3)
    function(out, x, y)
    found: list[float] = out.tolist()
    return found


@pytest.mark.parametrize(("x", "y"), [(1, 2), (0.5, -3.0), (1, 2.5)])
def test_parts_of_parts(x: Any, y: Any) -> None:
    expected = [2.0 * (x + k) + 4.0 * (y - k) for k in range(3)]
    assert filled(entry(fill, caches=False), x, y) == expected


def test_two_entries_have_the_same_part() -> None:
    def other(out: Any, x: Any, y: Any) -> None:
        out[0] = four_times(x) - twice(y)

    first, second = entry(fill, caches=False), entry(other, caches=False)
    assert filled(first, 1.0, 2.0)[0] == 10.0
    assert filled(second, 1.0, 2.0)[0] == 0.0
    assert filled(first, 3.0, 2.0)[0] == 14.0


def test_whatever_is_no_entry_calls_parts_too() -> None:
    """Numba links what a function calls itself, and nothing that that calls."""
    assert filled(njit(fill), 1.0, 2.0) == filled(entry(fill, caches=False), 1.0, 2.0)


@pytest.mark.parametrize(("x", "expected"), [(3, 12.0), (3.0, 6.0)])
def test_what_is_chosen_by_types(x: Any, expected: float) -> None:
    def choose(out: Any, x: Any, y: Any) -> None:
        out[0] = kind_of(x)

    assert filled(entry(choose, caches=False), x, 0)[0] == expected


def test_a_part_calls_what_numba_has() -> None:
    @part
    def smaller(x: Any, y: Any) -> Any:
        return min(x, abs(y))

    def use(out: Any, x: Any, y: Any) -> None:
        for k in range(0, out.size, 2):
            out[k] = smaller(x, y + k)

    assert filled(entry(use, caches=False), 4, -3) == [3.0, 0.0, 1.0]


def test_divisions_are_those_of_ieee_754() -> None:
    @part
    def divided(x: Any, y: Any) -> Any:
        return x / y

    def use(out: Any, x: Any, y: Any) -> None:
        out[0], out[1], out[2] = divided(x, y), divided(-x, y), divided(y, y)

    found = filled(entry(use, caches=False), 1.0, 0.0)
    assert found[:2] == [np.inf, -np.inf]
    assert np.isnan(found[2])


def test_an_error_of_a_part_is_raised() -> None:
    @part
    def checked(x: Any) -> Any:
        if x < 0:
            raise ValueError("below 0")
        return x

    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = checked(x)

    compiled = entry(use, caches=False)
    assert filled(compiled, 2.0, 0)[0] == 2.0
    with pytest.raises(ValueError, match="below 0"):
        filled(compiled, -1.0, 0)


def test_arrays_are_not_made() -> None:
    def use(out: Any, x: Any, y: Any) -> None:
        out[0] = np.empty(3)[0]

    with pytest.raises(NumbaError, match="array"):
        filled(entry(use, caches=False), 1.0, 2.0)
