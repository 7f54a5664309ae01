"""The axes of the training screen's charts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.tui.train.axis import axis_of, round_numbers


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12), st.booleans())
def test_ticks_are_few_and_lie_on_the_axis(a: float, b: float, most: int, log: bool) -> None:
    axis = axis_of(np.array([a, b]), log)
    ticks = axis.ticks(most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    span = axis.high - axis.low
    assert all(axis.low - span * 1e-6 <= tick <= axis.high + span * 1e-6 for tick in ticks)


def test_round_numbers() -> None:
    assert round_numbers(0, 10, 5) == [0, 5, 10]
    assert round_numbers(0, 10, 6) == [0, 2, 4, 6, 8, 10]
    assert round_numbers(1, 1, 5) == []
