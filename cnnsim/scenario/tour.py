"""What a tour's stops may expect, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import AddressError, Problem, did_you_mean, printable
from cnnsim.network.fields import numbers
from cnnsim.network.graph import Network
from cnnsim.network.layer import times
from cnnsim.scenario.complaints import shown
from cnnsim.scenario.model import Stop
from cnnsim.steps.address import parse_address
from cnnsim.steps.trace import Trace

#: The fields of a reading that a stop may expect.
FIELDS = (
    "step", "mac", "address", "layer", "sweep", "cell", "tap", "left", "right", "product",
    "term", "before", "after", "total", "outside", "why",
)  # fmt: skip
_WORDS = ("address", "layer", "sweep", "why")
_LISTS = ("cell", "tap")
_WHOLE = ("step", "mac")


def tour_problems(network: Network, tour: Sequence[Stop]) -> list[Problem]:
    """Addresses that do not exist and expectations that can never hold."""
    trace = Trace(network.sweeps)
    problems = []
    for number, stop in enumerate(tour):
        at = ("tour", number)
        try:
            parse_address(trace, stop.at)
        except AddressError as error:
            what = error.message + (f"; {error.hint}" if error.hint else "")
            problems.append(Problem(f"tour[{number}].at", what, path=(*at, "at")))
        for key, expected in stop.expect.items():
            what = _complaint(network, key, expected)
            if what:
                field = f"tour[{number}].expect.{printable(key, 40)}"
                problems.append(Problem(field, what, path=(*at, "expect", key)))
    return problems


def _complaint(network: Network, key: str, expected: Any) -> str:
    if key == "tolerance":
        is_number = isinstance(expected, int | float) and not isinstance(expected, bool)
        return "" if is_number and expected >= 0 else "should be a number, 0 or more"
    if key == "tensors":
        if not isinstance(expected, dict):
            return 'should be written tensors."conv1.y" = [[…]]'
        for name, values in expected.items():
            if name not in network.shapes:
                return f"no tensor {shown(name)}{did_you_mean(name, network.shapes)}"
            try:
                fit(numbers(values), network.shapes[name])
            except ValueError as error:
                return f"{name}: {error}"
        return ""
    if key not in FIELDS:
        near = did_you_mean(key, (*FIELDS, "tensors", "tolerance"))
        return "no such field of a reading" + (near or f"; known are {', '.join(FIELDS)}")
    if key in _WORDS:
        return "" if isinstance(expected, str) else f"should be text, not {shown(expected)}"
    if key == "outside":
        return (
            "" if isinstance(expected, bool) else f"should be true or false, not {shown(expected)}"
        )
    if key in _LISTS:
        is_list = isinstance(expected, list) and all(isinstance(v, int) for v in expected)
        return "" if is_list else f"should be a list of whole numbers, not {shown(expected)}"
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return f"should be a number, not {shown(expected)}"
    if key in _WHOLE and not isinstance(expected, int):
        return f"should be a whole number, not {shown(expected)}"
    return ""


def fit(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """`values` with the leading 1s of `shape` that were left out. Raises ValueError."""
    missing = len(shape) - values.ndim
    if missing < 0 or shape != (1,) * missing + values.shape:
        raise ValueError(
            f"the tensor is {times(shape)} and {times(values.shape) or 'one number'} was given; "
            "only leading 1s may be left out"
        )
    return values.reshape(shape)
