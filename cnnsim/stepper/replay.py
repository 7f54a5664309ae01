"""The tour of a scenario, stop by stop, with its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnsim.network.fields import numbers
from cnnsim.network.fit import fit
from cnnsim.scenario.model import Stop
from cnnsim.scenario.tour import NONE
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Array
from cnnsim.steps.entry import format_entry
from cnnsim.steps.reading import Reading

#: How far a number may be from what a tour expects, relative to it.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of a stop. For a tensor, the first entry that is off, if any."""

    what: str
    expected: Any
    found: Any
    ok: bool

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of a check."""
        return {"what": self.what, "expected": self.expected, "found": self.found, "ok": self.ok}


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop of the tour, visited."""

    number: int
    stop: Stop
    reading: Reading
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Everything is as the stop expects."""
        return all(check.ok for check in self.checks)

    def as_dict(self, scenario: str) -> dict[str, Any]:
        """The JSON object of a stop."""
        return {
            "kind": "stop",
            "scenario": scenario,
            "address": self.reading.address,
            "say": self.stop.say,
            "ask": self.stop.ask or None,
            "reading": self.reading.as_dict(scenario),
            "checks": [check.as_dict() for check in self.checks],
            "ok": self.ok,
        }


def visit(stepper: Stepper, number: int, stop: Stop) -> Visit:
    """Visit one stop."""
    reading = stepper.read(stepper.find(stop.at))
    tolerance = float(stop.expect.get("tolerance", TOLERANCE))
    checks = []
    for key, expected in stop.expect.items():
        if key == "tolerance":
            continue
        if key == "tensors":
            tensors = stepper.iterations.at(reading.position.iteration)
            checks += [
                _check_tensor(tensors[name], name, values, tolerance)
                for name, values in expected.items()
            ]
            continue
        found = reading.as_dict(stepper.scenario.name).get(key)
        checks.append(Check(key, expected, found, _agrees(expected, found, tolerance)))
    return Visit(number, stop, reading, tuple(checks))


def _agrees(expected: Any, found: Any, tolerance: float) -> bool:
    """Whether a field is as expected; of a table, the keys that are given."""
    if found is None:
        return bool(expected == NONE)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(
            _agrees(one, other, tolerance) for one, other in zip(expected, found, strict=True)
        )
    if isinstance(expected, dict):
        return all(_agrees(value, found.get(key), tolerance) for key, value in expected.items())
    if isinstance(expected, float) or (isinstance(found, float) and not isinstance(expected, str)):
        return bool(np.isclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True))
    return bool(found == expected)


def _check_tensor(tensor: Array, name: str, values: Any, tolerance: float) -> Check:
    found = tensor.astype(np.float64)
    expected = fit(numbers(values), found.shape)
    close = np.isclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return Check(name, values, values, True)
    index = tuple(int(at) for at in np.argwhere(~close)[0])
    place = format_entry(name, index)
    return Check(place, float(expected[index]), float(found[index]), False)
