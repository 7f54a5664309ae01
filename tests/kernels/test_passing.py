"""What compiled code is called with."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from cnnsim.kernels.passing import ArgumentType, Caller, type_of

RECORD = np.dtype([("a", np.int64), ("b", np.float64)])


def frozen() -> Any:
    array = np.zeros(3)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "argument",
    [1.5, "text", None, np.float32(1), np.zeros((2, 3)).T, np.zeros(6)[::2], np.array(1)],
)
def test_what_is_not_taken(argument: Any) -> None:
    with pytest.raises(TypeError, match="takes no "):
        type_of(argument)


def test_types() -> None:
    assert type_of(3) == type_of(np.int32(3)) == ArgumentType(None, 0)
    assert type_of(np.zeros((2, 0), np.float32)) == ArgumentType(np.dtype(np.float32), 2)
    assert type_of(np.zeros((), RECORD)) == ArgumentType(RECORD, 0)
    assert type_of(np.zeros(2, RECORD)) == ArgumentType(RECORD, 1)


def recorded(words: int, status: int = 0) -> tuple[Any, list[tuple[int, ...]]]:
    """A function of so many words, and what it is called with."""
    calls: list[tuple[int, ...]] = []

    def heard(*given: int) -> int:
        calls.append(given[2:])
        return status

    kind = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * (2 + words))
    return kind(heard), calls


def caller(function: Any, *arguments: Any) -> Caller:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return Caller(address, [type_of(argument) for argument in arguments])


def test_words_of_arrays_records_and_numbers() -> None:
    array, record = np.zeros((2, 3), np.float32), np.zeros((), RECORD)
    function, calls = recorded(9 + 1 + 2)
    caller(function, array, record, 0, 0).bound(array, record, -4)(2**40)
    expected = (0, 0, 6, 4, array.ctypes.data, 2, 3, 12, 4, record.ctypes.data, -4, 2**40)
    assert calls == [expected]


def test_what_is_passed_again_and_what_is_new() -> None:
    first, second = np.zeros(2), np.zeros(3)
    function, calls = recorded(7 + 1)
    ours = caller(function, first, 0)
    arrays = (first, first, second, first, frozen())
    for array in arrays:
        ours.bound(array)(1)
    assert [call[4] for call in calls] == [array.ctypes.data for array in arrays]
    assert [call[2] for call in calls] == [2, 2, 3, 2, 3]


def test_types_that_look_the_same_are() -> None:
    function, calls = recorded(7)
    memory = [np.zeros(16, np.float32).view([("lanes", np.float32, (4,))]) for _ in range(2)]
    ours = caller(function, memory[0])
    for array in memory:
        ours.bound(array)()
    assert [call[4] for call in calls] == [array.ctypes.data for array in memory]


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(2, np.float32), np.zeros((2, 2)), np.zeros(4)[::2], np.zeros(2, RECORD)],
)
def test_other_types_are_refused(wrong: Any) -> None:
    function, calls = recorded(7)
    with pytest.raises(TypeError):
        caller(function, np.zeros(2)).bound(wrong)
    assert not calls


@pytest.mark.parametrize(("status", "is_fine"), [(0, True), (1, False), (-1, False)])
def test_what_is_returned(status: int, is_fine: bool) -> None:
    function, _ = recorded(1, status)
    call = caller(function, 0).bound()
    if is_fine:
        call(1)
    else:
        with pytest.raises(RuntimeError, match=f"ended with {status}"):
            call(1)
