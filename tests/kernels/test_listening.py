"""What is compiled is told, once."""

from __future__ import annotations

import gc

import pytest
from numba import njit

from cnnsim import collector
from cnnsim.kernels.fill import Progress
from cnnsim.kernels.listening import told


def test_who_waits_hears_what_is_compiled() -> None:
    heard: list[Progress] = []

    @njit
    def inner(x: int) -> int:
        return x + 1

    @njit
    def outer_most(x: int) -> int:
        return min(inner(x), 9)  # type: ignore[no-any-return]

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


@pytest.mark.parametrize("is_command", [True, False])
def test_a_command_does_not_look_through_what_was_compiled(
    monkeypatch: pytest.MonkeyPatch, is_command: bool
) -> None:
    @njit
    def fresh(x: int) -> int:
        return x - 1

    if is_command:
        # As few as a compiled function makes, where a command has what a whole kernel makes.
        monkeypatch.setattr(collector, "_START", gc.get_threshold()[0])
    looks: list[str] = []

    def look(phase: str, info: dict[str, int]) -> None:
        looks.append(phase)

    gc.callbacks.append(look)
    try:
        with told(lambda progress: None):
            assert fresh(1) == 0
        kept = [[] for _ in range(10)]  # type: ignore[var-annotated]
    finally:
        gc.callbacks.remove(look)
        gc.unfreeze()
    assert len(kept) == 10
    assert bool(looks) is not is_command
