"""What counts as a right guess."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import stepper

from cnnsim.errors import UsageError
from cnnsim.stepper.guess import guessed_step, parse_guess


@pytest.mark.parametrize(
    ("text", "truth", "is_right"),
    [
        ("8", 8.0, True),
        ("−8", -8.0, True),
        ("7", 8.0, False),
        ("2.7", math.e, True),
        ("2.72", math.e, True),
        ("2.71", math.e, False),
        ("3", math.e, False),
        ("1/3", 1 / 3, True),
        ("0,33", 1 / 3, True),
        (".33", 1 / 3, True),
        ("0.3", 1 / 3, False),
        ("1/3", 0.34, False),
        ("2e-4", 2e-4, True),
        ("0", 0.0, True),
        ("0", 0.004, False),
        ("-0", 0.0, True),
        ("100", 104.0, False),
        ("inf", math.inf, True),
        ("-∞", -math.inf, True),
        ("nan", math.nan, True),
        ("1", math.nan, False),
        ("1", math.inf, False),
    ],
)
def test_right_and_wrong(text: str, truth: float, is_right: bool) -> None:
    """Rounded to the digits typed, as long as these are digits enough."""
    assert parse_guess(text).is_right(truth) is is_right


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_written_in_full_is_right(truth: float) -> None:
    """What Python prints, typed in."""
    assert parse_guess(repr(truth)).is_right(truth)


@pytest.mark.parametrize(
    "text", ["", "x", "1/0", "1.2.3", "--1", "1e", "²", "1e9999", "1e999", "-1e309"]
)
def test_no_number(text: str) -> None:
    """One clear error."""
    with pytest.raises(UsageError):
        parse_guess(text)


def test_what_is_asked() -> None:
    """The next product; with larger units the end of the cell, or of the next one."""
    opened = stepper("""
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
bias = "none"
""")
    assert guessed_step(opened, 0, "product") == 1
    assert guessed_step(opened, 1, "cell") == 3
    assert guessed_step(opened, 3, "cell") == 7
    assert guessed_step(opened, 15, "product") is None
    assert guessed_step(opened, 15, "cell") is None
