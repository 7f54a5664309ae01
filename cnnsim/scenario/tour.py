"""What a tour's stops may expect, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from cnnsim.errors import AddressError, Problem, did_you_mean, printable
from cnnsim.network.fields import is_whole, numbers
from cnnsim.network.fit import fit
from cnnsim.scenario.complaints import shown
from cnnsim.scenario.model import Stop
from cnnsim.steps.address import parse_address
from cnnsim.steps.fields import FIELDS
from cnnsim.steps.trace import Trace

#: The shape of every tensor.
Shapes = Mapping[str, tuple[int, ...]]

#: What a number that is not there, such as the mac of a pool's step, is expected to be.
NONE = "none"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_index(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_whole, value))


def _is_read(value: Any) -> bool:
    checks = {"tensor": lambda v: isinstance(v, str), "index": _is_index, "value": _is_number}
    return isinstance(value, dict) and all(
        key in checks and checks[key](entry) for key, entry in value.items()
    )


#: For what a field holds, what should be expected of it, and the test for that.
_TESTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "whole": ('a whole number, or "none"', lambda value: is_whole(value) or value == NONE),
    "number": ('a number, or "none"', lambda value: _is_number(value) or value == NONE),
    "index": ("a list of whole numbers", _is_index),
    "reads": (
        "a list of tables with tensor, index or value",
        lambda value: isinstance(value, list) and all(map(_is_read, value)),
    ),
}

#: The same for every field of a reading that a stop may expect: all but the scenario's name.
EXPECTED = {name: _TESTS[holds] for name, holds in FIELDS.items() if holds in _TESTS}


def tour_problems(run: tuple[Trace, Shapes] | None, tour: Sequence[Stop]) -> list[Problem]:
    """Addresses that do not exist and expectations that can never hold.

    `run` are the steps and the shapes of all tensors; without them, because the file has other
    mistakes, only what needs neither is checked.
    """
    trace, shapes = run if run else (None, None)
    problems = []
    for number, stop in enumerate(tour):
        at = ("tour", number)
        try:
            if trace is not None:
                parse_address(trace, stop.at)
        except AddressError as error:
            problems.append(Problem(f"tour[{number}].at", error.line, path=(*at, "at")))
        if "ask" in stop.model_fields_set and not stop.ask.strip():
            problems.append(Problem(f"tour[{number}].ask", "is empty", path=(*at, "ask")))
        if stop.ask and what_is_missing(stop):
            problems.append(
                Problem(f"tour[{number}].ask", what_is_missing(stop), path=(*at, "ask"))
            )
        for key, expected in stop.expect.items():
            what = _complaint(shapes, key, expected)
            if what:
                field = f"tour[{number}].expect.{printable(key, 40)}"
                problems.append(Problem(field, what, path=(*at, "expect", key)))
    return problems


def what_is_missing(stop: Stop) -> str:
    """Why the question of a stop has no answer that can be checked, or nothing."""
    if _is_number(stop.expect.get("after")):
        return ""
    return "a question needs its answer, a number: expect = { after = 8 }"


def _complaint(shapes: Shapes | None, key: str, expected: Any) -> str:
    if key == "tolerance":
        fits = _is_number(expected) and 0 <= expected < inf
        return "" if fits else "should be a finite number, 0 or more"
    if key == "tensors":
        return _tensor_complaint(shapes, expected)
    if key not in EXPECTED:
        near = did_you_mean(key, (*EXPECTED, "tensors", "tolerance"))
        return "no such field of a reading" + (near or f"; known are {', '.join(EXPECTED)}")
    what, fits = EXPECTED[key]
    return "" if fits(expected) else f"should be {what}, not {shown(expected)}"


def _tensor_complaint(shapes: Shapes | None, expected: Any) -> str:
    if not isinstance(expected, dict):
        return 'should be written tensors."conv1.y" = [[…]]'
    if shapes is None:
        return ""
    for name, values in expected.items():
        if name not in shapes:
            return f"no tensor {shown(name)}{did_you_mean(name, shapes)}"
        try:
            fit(numbers(values), shapes[name])
        except ValueError as error:
            return f"{name}: {error}"
    return ""
