"""What a function is, for the keys under which compiled code is kept."""

from __future__ import annotations

from types import NoneType
from typing import Any

from numba.core.serialize import dumps

_dumps: Any = dumps

#: What a text says all of.
_PLAIN = (bool, int, float, str, NoneType)


def meaning(value: Any) -> Any:
    """What a function is, with all that it holds: the same in every process.

    Pickles, which Numba takes, are not: that of a nested function's code is one where its module
    was loaded from the source, and another where it was from a .pyc.
    """
    function = getattr(value, "py_func", value)
    code = getattr(function, "__code__", None)
    if code is not None:
        held = tuple(meaning(cell.cell_contents) for cell in function.__closure__ or ())
        return function.__module__, function.__qualname__, code.co_code, held
    if isinstance(value, tuple):
        return type(value).__qualname__, tuple(map(meaning, value))
    # As text, for 1 and 1.0 are equal.
    return repr(value) if isinstance(value, _PLAIN) else _dumps(value)
