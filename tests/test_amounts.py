"""How many, in words."""

from __future__ import annotations

import pytest

from cnnsim.amounts import counted, in_bytes, percent


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 stops"), (1, "1 stop"), (2, "2 stops"), (1234, "1,234 stops")]
)
def test_one_is_no_plural(number: int, words: str) -> None:
    assert counted(number, "stop") == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (34_000, "34.0 kB"),
        (3_140_000, "3.1 MB"),
        (4 << 30, "4.3 GB"),
        (24 * 10**12, "24.0 TB"),
        (8 * 10**24, "8,000,000,000.0 PB"),
    ],
)
def test_bytes_have_a_unit_that_suits_them(number: int, words: str) -> None:
    assert " ".join(in_bytes(number)) == words


@pytest.mark.parametrize(
    ("share", "digits", "words"),
    [
        (29999 / 30000, 2, "99.99%"),
        (9996 / 10000, 1, "99.9%"),
        (0.9949, 0, "99%"),
        (0.996, 0, "99%"),
        (1.0, 2, "100.00%"),
        (0.98765, 1, "98.8%"),
        (0.0, 1, "0.0%"),
    ],
)
def test_all_of_them_is_all_of_them(share: float, digits: int, words: str) -> None:
    assert percent(share, digits) == words
