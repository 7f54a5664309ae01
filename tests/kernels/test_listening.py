"""What is compiled is told, once."""

from __future__ import annotations

import gc

import pytest
from numba import njit

from cnnsim.kernels.fill import Progress
from cnnsim.kernels.lanes.listening import told


def test_who_waits_hears_what_is_compiled() -> None:
    heard: list[Progress] = []

    @njit
    def inner(x: int) -> int:
        return x + 1

    @njit
    def outer_most(x: int) -> int:
        return inner(x)  # type: ignore[no-any-return]

    with told(heard.append):
        assert outer_most(1) == 2
        assert outer_most(2) == 3
    names = [progress.sweep for progress in heard]
    assert names == ["kernel 1, outer most", "kernel 2, inner"]
    assert {progress.stage for progress in heard} == {"compiling"}
    assert gc.isenabled()


def test_nothing_is_heard_afterwards_and_a_failure_ends_it() -> None:
    heard: list[Progress] = []

    @njit
    def wrong(x: int) -> int:
        return x + "a"  # type: ignore[operator, no-any-return]

    with told(heard.append), pytest.raises(Exception, match=r"implement"):
        wrong(1)
    assert gc.isenabled()

    @njit
    def late(x: int) -> int:
        return x

    assert late(1) == 1
    assert len(heard) == 1
