"""Calls do not pay for memory again and again, however deep they are."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from cnnsim.frames import with_room

resource = pytest.importorskip("resource")

#: Calls of a loop; a page fault each, where they lie across an edge.
_CALLS = 2000
#: Deeper than a piece of 16 KB reaches, with frames of 10 to 20 pointers.
_DEPTH = 300


def leaf() -> None:
    """What is called again and again."""


def loop(depth: int) -> int:
    """Page faults while `leaf` is called in a loop, so many calls deep."""
    if depth:
        return loop(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(_CALLS):
        leaf()
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


def most(call: Callable[[int], int]) -> int:
    """The most page faults at any depth, once memory has been touched."""
    call(_DEPTH)
    return max(map(call, range(_DEPTH)))


def test_no_depth_is_dear() -> None:
    @with_room
    def within(depth: int) -> int:
        return loop(depth)

    def call(depth: int) -> int:
        return within(depth)

    assert most(call) < _CALLS / 10


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="later releases keep a piece for the next")
def test_without_room_some_are() -> None:
    assert most(loop) >= _CALLS / 2
