"""How arguments go into compiled code: as Numba's functions take them, without Numba.

Each argument becomes a few words in registers and on the stack. An array is seven of them or more:
two for who counts it (nobody), how many elements there are and how large they are, where they lie,
its shape and its strides. A record is where it lies, a whole number itself.
"""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

_Room = ctypes.c_int64 * 2
#: No argument.
_NOTHING = object()


class ArgumentType(NamedTuple):
    """What Numba has to know of an argument.

    Attributes:
        dtype: of the elements; None for a whole number.
        axes: how many an array has; a record has none.
    """

    dtype: np.dtype[Any] | None
    axes: int


def type_of(argument: Any) -> ArgumentType:
    """The type of a C-contiguous array, of a record, or of a whole number.

    A record is an array without axes. Nobody checks that only what may be written to is. Raises
    TypeError for anything else.
    """
    if isinstance(argument, int | np.integer):
        return ArgumentType(None, 0)
    if isinstance(argument, np.ndarray):
        is_plain = argument.flags.c_contiguous and argument.flags.aligned
        if is_plain and (argument.ndim or argument.dtype.names):
            return ArgumentType(argument.dtype, argument.ndim)
        raise TypeError(
            f"compiled code takes no array {argument.shape} of {argument.dtype} that is not "
            "contiguous, or not aligned"
        )
    raise TypeError(f"compiled code takes no such argument: {argument!r}")


def _words(argument: Any, its: ArgumentType) -> tuple[int, ...]:
    """What becomes of an argument of this type. Raises TypeError if it is of another."""
    if its.dtype is None:
        return (operator.index(argument),)
    # The same as `type_of`, in a tenth of the time where all is well.
    if (
        not isinstance(argument, np.ndarray)
        or argument.dtype is not its.dtype
        or argument.ndim != its.axes
        or not argument.flags.carray
    ):
        found = type_of(argument)
        if found != its:
            raise TypeError(f"compiled code was made for {its}, not {found}")
    data: int = argument.ctypes.data
    if not its.axes:
        return (data,)
    return 0, 0, argument.size, argument.itemsize, data, *argument.shape, *argument.strides


class Caller:
    """Calls the function at `address`, which was compiled for arguments of these types."""

    def __init__(self, address: int, types: Sequence[ArgumentType]) -> None:
        self._types = tuple(types)
        words = sum(1 if its.axes == 0 else 5 + 2 * its.axes for its in types)
        self._call = _function_type(words)(address)
        # Most of what is passed is passed again: the arguments of last time, with their words.
        self._passed: list[tuple[Any, tuple[int, ...]]] = [(_NOTHING, ())] * len(types)

    def bound(self, *arguments: Any) -> Callable[..., None]:
        """The function with its first arguments; it takes the rest, which are whole numbers.

        It gives way to other threads while it runs. The same array as last time is taken to have
        its shape and place still: whose arrays come from elsewhere passes views. Raises TypeError
        for arguments of other types; what goes wrong inside raises RuntimeError.
        """
        passed = [
            before if argument is before[0] else (argument, _words(argument, its))
            for argument, its, before in zip(arguments, self._types, self._passed, strict=False)
        ]
        self._passed[: len(passed)] = passed
        words = [word for _, some in passed for word in some]
        count = len(self._types) - len(arguments)

        def call(*numbers: int, _holds: tuple[Any, ...] = arguments) -> None:
            # The words by themselves hold no array.
            if len(numbers) != count:
                raise TypeError(f"{count} numbers are missing, not {len(numbers)}")
            # Room for what it returns, and for what it raises.
            room = _Room()
            at = ctypes.addressof(room)
            status = self._call(at, at + 8, *words, *numbers)
            if status:
                raise RuntimeError(f"compiled code ended with {status}")

        return call


@cache
def _function_type(words: int) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * (2 + words))
