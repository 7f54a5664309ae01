"""The plain functions of sweeps made known to Numba, as they are.

A compiled kernel calls these very functions, so it cannot mean anything else than the stepper does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba.extending import overload, register_jitable

from cnnsim.kernels.jit import overloading
from cnnsim.steps.sweep import either, larger, smaller


def entries(arrays: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    """The `number`-th entry of every array."""
    return tuple(array[number] for array in arrays)


def tap_count(taps: tuple[Any, ...]) -> int:
    """How many taps there are; 1 for a cell of one term."""
    return taps[0].size if taps else 1


def is_outside(places: tuple[int, ...], marks: tuple[bool, ...]) -> bool:
    """Whether a read that is marked lies outside: its place is negative."""
    return any(mark and place < 0 for place, mark in zip(places, marks, strict=True))


# Numba has no loops over tuples of different types: these say the same by recursion on the tail.
# GPU kernels call only those below that are plain overloads.


@overloading(entries)
def _entries(arrays: Any, number: Any) -> Any:
    if len(arrays) == 0:

        def empty(arrays: Any, number: Any) -> Any:
            return ()

        return empty

    def compiled(arrays: Any, number: Any) -> Any:
        return (arrays[0][number], *entries(arrays[1:], number))

    return compiled


@overloading(tap_count)
def _tap_count(taps: Any) -> Any:
    if len(taps) == 0:

        def one(taps: Any) -> Any:
            return 1

        return one

    def compiled(taps: Any) -> Any:
        return taps[0].size

    return compiled


@overload(is_outside)
def _is_outside(places: Any, marks: Any) -> Any:
    if len(places) == 0:

        def empty(places: Any, marks: Any) -> Any:
            return False

        return empty

    def compiled(places: Any, marks: Any) -> Any:
        return (marks[0] and places[0] < 0) or is_outside(places[1:], marks[1:])

    return compiled


@overload(either)
def _either(condition: Any, yes: Any, no: Any) -> Any:
    # Numba's np.where makes arrays of its arguments, at a hundred times the cost.
    def compiled(condition: Any, yes: Any, no: Any) -> Any:
        return np.float64(yes) if condition else np.float64(no)

    return compiled


# Numba's maximum keeps the first of equals, whatever their signs, on any processor.


@overload(larger)
def _larger(total: Any, term: Any) -> Any:
    def compiled(total: Any, term: Any) -> Any:
        return np.maximum(total, term)

    return compiled


@overload(smaller)
def _smaller(total: Any, term: Any) -> Any:
    def compiled(total: Any, term: Any) -> Any:
        return np.minimum(total, term)

    return compiled


@cache
def jitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function`, and every plain function that it names, known to Numba."""
    for name in function.__code__.co_names:
        named = function.__globals__.get(name)
        is_plain = getattr(named, "__module__", None) and hasattr(named, "__code__")
        # Names of attributes are among them: a rule called tanh that calls np.tanh names itself.
        if is_plain and named is not function:
            jitable(named)
    registered: Callable[..., Any] = register_jitable(function)
    return registered


def the_term(total: Any, term: Any) -> Any:
    """How a cell that folds nothing takes its one term.

    A term may end with a where, of which Numba makes an array without axes; the product with 1 is a
    number again.
    """
    return np.multiply(term, 1.0)
