"""Entries of tensors as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.errors import AddressError
from cnnsim.steps.entry import format_entry, parse_entry

SHAPES = {"input": (1, 2, 3, 4), "fc.b": (7,), "loss": ()}


@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_there_and_back(name: str, data: st.DataObject) -> None:
    """Every entry is found by what it is called."""
    places = list(np.ndindex(SHAPES[name]))
    index = data.draw(st.sampled_from(places))
    assert parse_entry(SHAPES, format_entry(name, index)) == (name, index)


def test_leading_zeros_may_be_left_out() -> None:
    """And blanks do not count."""
    assert parse_entry(SHAPES, " input[1, 2,3] ") == ("input", (0, 1, 2, 3))
    assert parse_entry(SHAPES, "fc.b") == ("fc.b", (0,))


@pytest.mark.parametrize(
    "text",
    ["", "input[0", "input[a]", "input[-1]", "input[3,4]", "input[0,0,0,0,0]", "input[,]", "[1]",
     "fc.w[0]", "fc.b[" + "9" * 5000 + "]", "input[0]x", "loss[0]", "input[²]"],
)  # fmt: skip
def test_mistakes_are_named(text: str) -> None:
    """One error, never Python's own."""
    with pytest.raises(AddressError):
        parse_entry(SHAPES, text)
