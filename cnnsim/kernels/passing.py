"""How arguments go into compiled code: as Numba's functions take them, without Numba.

Each argument becomes a few words in registers and on the stack. An array is seven of them or more:
two for who counts it (nobody), how many elements there are and how large they are, where they lie,
its shape and its strides. A record is where it lies, a whole number itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np


class Kind(NamedTuple):
    """What Numba has to know of an argument.

    Attributes:
        dtype: of the elements; None for a whole number.
        axes: how many an array has; a record has none.
    """

    dtype: np.dtype[Any] | None
    axes: int


def kind_of(argument: Any) -> Kind:
    """The kind of a C-contiguous array, of a record, or of a whole number.

    A record is an array without axes. Nobody checks that only what may be written to is. Raises
    TypeError for anything else.
    """
    if isinstance(argument, int | np.integer):
        return Kind(None, 0)
    if isinstance(argument, np.ndarray):
        is_plain = argument.flags.c_contiguous and argument.flags.aligned
        if is_plain and (argument.ndim or argument.dtype.names):
            return Kind(argument.dtype, argument.ndim)
    raise TypeError(f"compiled code takes no such argument: {argument!r}")


def _words(argument: Any, kind: Kind) -> tuple[int, ...]:
    """What becomes of an argument of this kind. Raises TypeError if it is of another."""
    if kind.dtype is None:
        return (int(argument),)
    # The same as `kind_of`, in a tenth of the time where all is well.
    dtype = argument.dtype
    if dtype is not kind.dtype or argument.ndim != kind.axes or not argument.flags.carray:
        found = kind_of(argument)
        if found != kind:
            raise TypeError(f"compiled code was made for {kind}, not {found}")
    data: int = argument.ctypes.data
    if not kind.axes:
        return (data,)
    return 0, 0, argument.size, argument.itemsize, data, *argument.shape, *argument.strides


class Caller:
    """Calls the function at `address`, which was compiled for arguments of these kinds."""

    def __init__(self, address: int, kinds: Sequence[Kind]) -> None:
        self._kinds = tuple(kinds)
        words = sum(1 if kind.axes == 0 else 5 + 2 * kind.axes for kind in kinds)
        self._call = _function_type(words)(address)
        # Most of what is passed is passed again: the arguments of last time, with their words.
        self._passed: list[tuple[Any, tuple[int, ...]]] = [(None, ())] * len(kinds)

    def bound(self, *arguments: Any) -> Callable[..., None]:
        """The function with its first arguments; it takes the rest, which are whole numbers.

        It gives way to other threads while it runs. Raises TypeError for arguments of other kinds;
        what goes wrong inside raises RuntimeError.
        """
        passed = [
            before if argument is before[0] else (argument, _words(argument, kind))
            for argument, kind, before in zip(arguments, self._kinds, self._passed, strict=False)
        ]
        self._passed[: len(passed)] = passed
        words = [word for _, some in passed for word in some]

        def call(*numbers: int, holds: tuple[Any, ...] = arguments) -> None:
            # Room for what it returns, and for what it raises. The words hold nothing alive.
            room = _Room()
            at = ctypes.addressof(room)
            status = self._call(at, at + 8, *words, *numbers)
            if status:
                raise RuntimeError(f"compiled code ended with {status}")

        return call


_Room = ctypes.c_int64 * 2


@cache
def _function_type(words: int) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * (2 + words))
