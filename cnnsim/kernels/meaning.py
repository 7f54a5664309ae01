"""What a function is, for the keys under which compiled code is kept."""

from __future__ import annotations

from types import NoneType
from typing import Any

from numba.core.serialize import dumps

_dumps: Any = dumps

#: What a text says all of.
_PLAIN = (bool, int, float, str, NoneType)


def inside(function: Any) -> tuple[Any, ...]:
    """What a function does, by whatever name: its code with its constants, and what it holds."""
    code = function.__code__
    constants = tuple(repr(each) for each in code.co_consts if isinstance(each, _PLAIN))
    held = tuple(meaning(cell.cell_contents) for cell in function.__closure__ or ())
    return code.co_code, constants, held


def meaning(value: Any) -> Any:
    """What a function is, with all that it holds: the same in every process.

    Pickles, which Numba takes, are not: that of a nested function's code is one where its module
    was loaded from the source, and another where it was from a .pyc.
    """
    function = getattr(value, "py_func", value)
    if hasattr(function, "__code__"):
        return function.__module__, function.__qualname__, *inside(function)
    if isinstance(value, tuple):
        return type(value).__qualname__, tuple(map(meaning, value))
    # As text, for 1 and 1.0 are equal.
    return repr(value) if isinstance(value, _PLAIN) else _dumps(value)
