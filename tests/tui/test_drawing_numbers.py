from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnsim.tui.drawing.numbers import (
    count,
    decimals_for,
    exact,
    format_number,
    in_formula,
    measured,
    power_text,
    short_count,
    small,
)

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 6, 2, -8], (0, 0)),
        ([0.45, 1.99, 1.0], (2, 0)),
        ([0.0181, -0.0554], (2, -2)),
        ([0.446, 0.1], (3, 0)),
        ([12.5, 3], (1, 0)),
        ([250.25, 3], (0, 0)),
        ([9.996, 1], (1, 0)),
        ([0.09999, 0.01], (3, 0)),
        ([99_999], (0, 0)),
        ([123_456], (2, 5)),
        ([1.5e7, 2], (2, 7)),
        ([], (0, 0)),
        ([0.0, -0.0], (0, 0)),
        ([math.nan, math.inf], (0, 0)),
        ([math.nan, 0.25], (3, 0)),
    ],
)
def test_one_number_of_decimals_for_a_panel(values: list[float], expected: tuple[int, int]) -> None:
    assert decimals_for(values) == expected


@settings(deadline=None)
@given(st.lists(finite, min_size=1))
def test_the_largest_number_has_three_digits(values: list[float]) -> None:
    decimals, power = decimals_for(values)
    largest = max(map(abs, values))
    if largest < 1e-300 or (largest < 1e5 and all(value.is_integer() for value in values)):
        return
    text = format_number(largest, decimals, power)
    digits = text.replace(".", "").lstrip("0")
    assert len(digits) == 3 or (len(digits) in (4, 5) and decimals == 0)
    assert len(text) <= 5


@pytest.mark.parametrize(
    ("value", "decimals", "power", "sign", "text"),
    [
        (-1, 0, 0, False, "−1"),
        (5, 0, 0, True, "+5"),
        (-7, 0, 0, True, "−7"),
        (0, 0, 0, True, "+0"),
        (-0.0, 0, 0, False, "0"),
        (-0.0, 2, 0, False, "0.00"),
        (-0.001, 2, 0, False, "0.00"),
        (-0.0277, 2, -2, False, "−2.77"),
        (0.0181, 4, 0, True, "+0.0181"),
        (1.5e7, 2, 7, False, "1.50"),
        (math.nan, 2, 0, True, "NaN!"),
        (math.inf, 2, 0, False, "+∞!"),
        (-math.inf, 2, -3, False, "−∞!"),
    ],
)
def test_format_number(value: float, decimals: int, power: int, sign: bool, text: str) -> None:
    assert format_number(value, decimals, power, sign) == text


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(0, 6), st.booleans())
def test_a_written_number_is_within_half_a_digit(value: float, decimals: int, sign: bool) -> None:
    read = float(format_number(value, decimals, 0, sign).replace("−", "-"))
    assert abs(read - value) <= 0.5 * 10.0**-decimals + 1e-9


@settings(deadline=None)
@given(finite)
def test_exact_reads_back(value: float) -> None:
    text = exact(value)
    assert "-" not in text
    assert float(text.replace("−", "-")) == value


@settings(deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_exact_reads_back_in_single_precision(value: float) -> None:
    single = np.float32(value)
    assert np.float32(exact(single).replace("−", "-")) == single


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), "0.1"),
        (7.0, "7"),
        (-0.0, "0"),
        (-1.25, "−1.25"),
        (1e-7, "1e−07"),
        (math.nan, "NaN!"),
    ],
)
def test_exact(value: float, text: str) -> None:
    assert exact(value) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (999_999, "999,999"),
        (1_000_000, "1.00 M"),
        (1_150_000, "1.15 M"),
        (42_319_432, "42.3 M"),
        (61_000_000, "61.0 M"),
        (9_999_000, "10.0 M"),
        (1_115_202_080, "1.12 G"),
        (999_600_000, "1.00 G"),
        (-2_500_000, "−2.50 M"),
    ],
)
def test_short_count(n: int, text: str) -> None:
    assert short_count(n) == text


def test_measured_numbers_take_eight_columns() -> None:
    values = (0.0, 0.071, -12.5, 999.9994, -2.7e16, 4.3e-4, 1.25e-300, 1e308, math.nan, -math.inf)
    texts = [measured(value) for value in values]
    assert texts[:6] == ["0.000", "0.071", "−12.500", "999.999", "−2.7e16", "4.3e−04"]
    assert measured(0.0042, 0) == "0.004"
    assert all(len(text) <= 8 for text in texts)


def test_small_helpers() -> None:
    assert count(1234) == "1,234"
    assert count(-1234567) == "−1,234,567"
    assert small(4.3e-4) == "4.3e−04"
    assert small(0) == "0"
    assert in_formula("−1") == "(−1)"
    assert in_formula("7") == "7"
    assert power_text(-2) == "×10⁻²"
    assert power_text(5) == "×10⁵"
    assert power_text(0) == ""
