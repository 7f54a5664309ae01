"""The tour: every expectation is checked, and what fails says where."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from checks import visit_tour
from networks import stepper

from cnnsim.scenario.bundled import bundled_names
from cnnsim.scenario.reader import read_scenario
from cnnsim.scenario.tour import EXPECTED
from cnnsim.stepper.replay import Visit
from cnnsim.stepper.stepper import Stepper

TOY = """\
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
padding = [0, 0, 0, 1]
[[layers]]
type = "avg_pool2d"
name = "mean"
size = [2, 3]
"""


def tour(*stops: str) -> list[Visit]:
    return [*visit_tour(stepper(TOY + "".join(f"[[tour]]\n{stop}\n" for stop in stops)))]


def expecting(expect: str, at: str = "conv1.forward[0,0,0,0]") -> Visit:
    (visit,) = tour(f'at = "{at}"\nexpect = {{ {expect} }}')
    return visit


#: Every field at conv1.forward[0,0,0,2] tap[0,0,1], with a wrong value beside the right one.
FIELDS_THERE: dict[str, tuple[str, str]] = {
    "step": ("9", "8"),
    "mac": ("9", "8"),
    "address": ('"conv1.forward[0,0,0,2] tap[0,0,1]"', '"conv1"'),
    "layer": ('"conv1"', '"mean"'),
    "sweep": ('"forward"', '"winner"'),
    "cell": ("[0, 0, 0, 2]", "[0, 0, 0, 1]"),
    "tap": ("[0, 0, 1]", "[0, 0, 1, 0]"),
    "left": ("0", "1"),
    "right": ("2.0", "-2"),
    "product": ("0.0", "0.5"),
    "term": ("0", "1"),
    "before": ("2", "3"),
    "after": ("2", "2.001"),
    "outside": ("true", "false"),
    "why": ('"padding"', '"hole"'),
    "reads": ("[{ tensor = 'input', index = [0, 0, 0, 3] }, { value = 2 }]", "[{ value = 1 }, {}]"),
}


@pytest.mark.parametrize("field", EXPECTED)
def test_every_field_can_hold_and_can_fail(field: str) -> None:
    if field == "total":
        at, right, wrong = "mean.forward[0,0,0,0]", "22", "3.6666"
    else:
        at, (right, wrong) = "conv1.forward[0,0,0,2] tap[0,0,1]", FIELDS_THERE[field]
    good, bad = (expecting(f"{field} = {value}", at) for value in (right, wrong))
    assert good.ok
    assert not bad.ok
    (check,) = bad.checks
    assert check.what == field
    assert check.found == good.checks[0].found
    assert check.as_dict()["ok"] is False


def test_what_is_absent_is_not_equal_to_a_number() -> None:
    at = "mean.forward[0,0,0,0] tap[0,0]"
    visit = expecting("mac = 0, right = 0, product = 0, total = 0", at)
    assert [(check.found, check.ok) for check in visit.checks] == [(None, False)] * 4
    visit = expecting('mac = "none", right = "none", product = "none", why = "none"', at)
    assert [(check.found, check.ok) for check in visit.checks] == [(None, True)] * 4
    assert not expecting('mac = "none"', "first").ok
    assert not expecting("reads = [{}]", "first").ok


@pytest.mark.parametrize(
    ("values", "ok"),
    [
        ("[[8, 7, 1], [4, 5, -3]]", True),
        ("[[[8, 7, 1], [4, 5, -3]]]", True),
        ("[[[[8, 7, 1], [4, 5, -3]]]]", True),
        ("[[8, 7, 1], [4, 5, -2]]", False),
        ("[[8, nan, 1], [4, 5, -3]]", False),
    ],
)
def test_whole_tensors(values: str, ok: bool) -> None:
    x = np.pad(np.array([[1, 6, 2], [5, 3, 1], [7, 0, 4]]), ((0, 0), (0, 1)))
    kernel = np.array([[1, 2], [-1, 0]])
    y = [[(x[r : r + 2, c : c + 2] * kernel).sum() for c in range(3)] for r in range(2)]
    assert y == [[8, 7, 1], [4, 5, -3]]
    visit = expecting(f'tensors."conv1.y" = {values}')
    assert visit.ok is ok


def test_the_place_of_what_is_off() -> None:
    visit = expecting('tensors."conv1.y" = [[8, 7, 1], [4, 5.5, -9]], after = 8')
    wrong, right = visit.checks
    assert (wrong.what, wrong.expected, wrong.found, wrong.ok) == (
        "conv1.y[0,0,1,1]",
        5.5,
        5,
        False,
    )
    assert right.ok
    assert visit.as_dict("toy")["ok"] is False


@pytest.mark.parametrize(
    ("expected", "tolerance", "ok"),
    [
        ("8.000000001", None, True),
        ("8.0000001", None, False),
        ("8.1", 0.01, False),
        ("8.1", 0.1, True),
        ("8", 0, True),
        ("8.000000000000002", 0, False),
        ("nan", None, False),
        ("inf", None, False),
        ("inf", 1e300, False),
    ],
)
def test_tolerance(expected: str, tolerance: float | None, ok: bool) -> None:
    extra = "" if tolerance is None else f", tolerance = {tolerance}"
    assert expecting(f"after = {expected}{extra}").ok is ok
    values = f"[[{expected}, 7, 1], [4, 5, -3]]"
    assert expecting(f'tensors."conv1.y" = {values}{extra}').ok is ok


def test_nan_equals_nan() -> None:
    text = TOY.replace("7, 0, 4", "nan, 0, 4")
    text += '[[tour]]\nat = "conv1.forward[0,0,1,0]"\nexpect = { after = nan, left = 0 }\n'
    (visit,) = visit_tour(stepper(text))
    assert visit.ok


def test_every_stop_in_order_with_its_note() -> None:
    visits = tour('at = "last"\nsay = "end"', 'at = "first"\nsay = "start"', 'at = "mean"')
    assert [(v.number, v.stop.say, v.ok) for v in visits] == [
        (0, "end", True), (1, "start", True), (2, "", True),
    ]  # fmt: skip
    assert [v.reading.step for v in visits] == [29, 0, 24]
    found: dict[str, Any] = visits[0].as_dict("toy")
    assert list(found) == ["kind", "scenario", "address", "say", "ask", "reading", "checks", "ok"]
    assert (found["kind"], found["reading"]["kind"]) == ("stop", "step")


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_tours_hold(name: str) -> None:
    """All tours of small scenarios; the large networks have tests of their own."""
    scenario = read_scenario(name)
    if sum(sweep.steps for sweep in scenario.network.sweeps) > 2_000_000:
        pytest.skip("large")
    for visit in visit_tour(Stepper(scenario)):
        wrong = [check for check in visit.checks if not check.ok]
        assert not wrong, f"{visit.reading.address}: {wrong}"
        assert re.search(r"\S", visit.stop.say) or visit.checks
