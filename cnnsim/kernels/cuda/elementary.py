"""NumPy for rules that run on the GPU: numba-cuda lacks some of its functions.

What is not here is NumPy's own.
"""

from __future__ import annotations

import math
import sys
from types import FunctionType
from typing import Any

import numpy as np
from numba.extending import register_jitable

from cnnsim.kernels.cuda.jit import SIMULATED
from cnnsim.steps.sweep import either, larger, smaller


@register_jitable
def exp(x: Any) -> Any:
    """Euler's number to the power of x."""
    return math.exp(x)


@register_jitable
def expm1(x: Any) -> Any:
    """The same less 1."""
    return math.expm1(x)


@register_jitable
def log1p(x: Any) -> Any:
    """The logarithm of 1 + x."""
    return math.log1p(x)


@register_jitable
def sqrt(x: Any) -> Any:
    """The root."""
    return math.sqrt(x)


@register_jitable
def abs(x: Any) -> Any:
    """The size."""
    return math.fabs(x)


def __getattr__(name: str) -> Any:
    return getattr(np, name)


#: These have forms of their own for compiled code; a copy would not be known by them.
_KNOWN = (either, larger, smaller)
_MADE: dict[Any, Any] = {}
_HERE = sys.modules[__name__]


def on_device(rule: Any) -> Any:
    """`rule`, a plain function of a sweep, with this module where it says ``np``.

    So do the plain functions that it names. In the simulator it stays what it is.
    """
    if SIMULATED or rule in _KNOWN:
        return rule
    if rule not in _MADE:
        named = {name: rule.__globals__[name] for name in rule.__code__.co_names
                 if name in rule.__globals__}  # fmt: skip
        for name, value in named.items():
            if value is np:
                named[name] = _HERE
            elif isinstance(value, FunctionType) and value is not rule:
                named[name] = on_device(value)
        copy = FunctionType(
            rule.__code__,
            {**rule.__globals__, **named},
            rule.__name__,
            rule.__defaults__,
            rule.__closure__,
        )
        _MADE[rule] = register_jitable(copy)
    return _MADE[rule]
