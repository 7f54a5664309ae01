"""Rates that are set while a run trains: a ladder, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.network.optimizer import Optimizer
from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.tui.train.rates import next_rate, told


@given(st.floats(1e-7, 10))
def test_rates_go_up_and_down_a_ladder(rate: float) -> None:
    assert next_rate(rate, 1) > rate > next_rate(rate, -1)
    step = next_rate(rate, 1)
    assert next_rate(next_rate(step, 1), -1) == step


@pytest.mark.parametrize("name", [n for n in bundled_names() if read_scenario(n).model.data])
def test_the_rate_of_a_bundled_scenario_is_found_again(name: str) -> None:
    optimizer = read_scenario(name).iteration.optimizer
    assert optimizer is not None
    assert next_rate(next_rate(optimizer.rate, -1), 1) == optimizer.rate


def test_a_rate_that_something_multiplies_is_called_the_base_rate() -> None:
    given: dict[str, Any] = {"optimizer": "sgd", "rate": 0.1, "epochs": 4, "batch": 32}
    assert told(Optimizer(**given), 0.005) == "learning rate 0.005 from the next update on"
    warm = Optimizer(**given, schedule="cosine", warm_up=2)
    small = "base rate 1.22e−06 (× warm-up and cosine) from the next update on"
    assert told(warm, 1.2225e-06) == small
    assert told(warm, 0.005) == "base rate 0.005 (× warm-up and cosine) from the next update on"
