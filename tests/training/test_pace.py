"""How many updates a piece has, with a clock of our own."""

from __future__ import annotations

import pytest

from cnnsim.training.pace import Pace


@pytest.mark.parametrize("each", [1e-6, 0.003, 0.02, 0.3])
def test_pieces_come_to_take_the_time_that_is_wanted(each: float) -> None:
    pace = Pace(0.1)
    pace.add(1, 64, 5.0)
    for _ in range(40):
        count = pace.most
        pace.add(count, count * 64, count * each)
    assert pace.most == 2 or 0.05 <= pace.most * each <= 0.1
    assert pace.speed == pytest.approx(64 / each)


def test_the_first_update_of_a_process_says_nothing_of_its_speed() -> None:
    pace = Pace(0.1)
    pace.add(1, 64, 5.0)
    assert (pace.speed, pace.most) == (0.0, 2)


def test_an_epoch_that_ends_early_does_not_lengthen_the_pieces() -> None:
    pace = Pace(0.1)
    for count in (1, 2, 4, 3):
        pace.add(count, count * 64, 0.0)
    assert pace.most == 8


def test_each_epoch_has_a_speed_of_its_own() -> None:
    pace = Pace(0.1)
    pace.add(1, 64, 1.0)
    pace.add(2, 128, 1.0)
    pace.begin()
    assert pace.speed == 0.0
    pace.add(2, 30, 2.0)
    assert pace.speed == 15.0
