"""Searches, against walking through every step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import stepper
from texts import classifier, layer

from cnnsim.errors import CnnsimError, UsageError
from cnnsim.stepper.queries import Searched, every_step, find_step, parse_query
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.reading import Reading

NET = f"""
[input]
values = [[[1, -6, 2, 0], [5, -3, 1, 2], [-7, 0, 4, 1], [2, 2, -1, 3]]]
{layer("conv2d", "conv1", filters=2, size=3, padding=1)}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{layer("leaky_relu", "leaky1")}
{classifier(3, target=1)}
[training]
optimizer = "sgd"
rate = 0.1
iterations = 2
"""


def is_negative_relu(reading: Reading) -> bool:
    """A ReLU, plain or leaky, that lets nothing (or little) pass."""
    is_relu = reading.layer in ("relu1", "leaky1") and reading.sweep == "forward"
    return is_relu and (reading.left or 0.0) <= 0


def is_new_winner(reading: Reading) -> bool:
    """A pool's largest so far gives way to a larger one."""
    is_pool = (reading.layer, reading.sweep) == ("pool1", "forward")
    before = reading.before
    return is_pool and before is not None and np.isfinite(before) and reading.after > before


WANTED: dict[str, Callable[[Reading], bool]] = {
    "padding": lambda reading: reading.why == "padding",
    "relu closes": is_negative_relu,
    "winner changes": is_new_winner,
}


def walked(opened: Stepper, wanted: Callable[[Reading], bool]) -> list[int]:
    """All steps where it holds, one by one."""
    return [step for step in range(len(opened.trace)) if wanted(opened.read(step))]


@pytest.mark.parametrize("text", WANTED)
def test_every_step_and_both_directions(text: str) -> None:
    """All steps, the next one from anywhere, the previous one from anywhere."""
    opened = stepper(NET)
    steps = walked(opened, WANTED[text])
    assert steps
    query = parse_query(text)
    last = len(opened.trace) - 1
    assert list(every_step(opened, 0, last, query)) == steps
    assert list(every_step(opened, steps[0], steps[-1], query)) == steps
    for here in range(0, len(opened.trace), 37):
        later = [step for step in steps if step > here]
        earlier = [step for step in steps if step < here]
        assert find_step(opened, here, query, True) == (later[0] if later else None)
        assert find_step(opened, here, query, False) == (earlier[-1] if earlier else None)


def test_completions_are_the_last_taps() -> None:
    """One for each cell of each sweep."""
    opened = stepper(NET)
    cells = sum(sweep.cell_count for sweep in opened.trace.sweeps) * 2
    steps = list(every_step(opened, 0, len(opened.trace) - 1, parse_query("cell")))
    assert len(steps) == cells
    for step in steps[:50]:
        position = opened.trace.position(step)
        sweep = opened.trace.sweep_of(position)
        assert position.tap == tuple(extent - 1 for extent in sweep.taps)


def test_the_sign_changes_across_zero() -> None:
    """5, 0, −1: the sign changes where the sum has left 0 on the other side."""
    opened = stepper("""
[input]
values = [[5, 5, 1, 0, 1]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, -1, -1, 1, 1]]
bias = "none"
""")
    query = parse_query("sign change")
    assert [opened.read(step).after for step in range(5)] == [5, 0, -1, -1, 0]
    assert list(every_step(opened, 0, 4, query)) == [2]


def test_a_value_above_in_a_later_iteration() -> None:
    """Comparisons look at finished values, in every iteration."""
    opened = stepper(NET)
    query = parse_query("> 4.5")
    wanted = [
        step
        for step in every_step(opened, 0, len(opened.trace) - 1, parse_query("cell"))
        if opened.read(step).after > 4.5
    ]
    assert list(every_step(opened, 0, len(opened.trace) - 1, query)) == wanted
    assert wanted[-1] >= opened.trace.steps_per_iteration


def test_a_report_can_stop_a_search() -> None:
    """It hears where the search is; what it raises comes out."""
    opened = stepper(NET)
    heard: list[Searched] = []

    def report(searched: Searched) -> None:
        heard.append(searched)
        if searched.sweep == "pool1.forward":
            raise CnnsimError("stopped")

    with pytest.raises(CnnsimError, match="stopped"):
        find_step(opened, 0, parse_query("nan"), True, report)
    looked = [each.sweep for each in heard if each.stage == "looking through"]
    assert looked == ["conv1.forward", "relu1.forward", "pool1.forward"]


@pytest.mark.parametrize("iteration", [0, 1])
def test_a_report_hears_of_a_tensor_before_it_is_computed(iteration: int) -> None:
    """Also of those that another iteration needs first."""
    opened = stepper(NET)
    start = iteration * opened.trace.steps_per_iteration
    heard: list[Searched] = []

    def report(searched: Searched) -> None:
        heard.append(searched)
        if searched.stage != "looking through":
            raise CnnsimError("stopped")

    with pytest.raises(CnnsimError, match="stopped"):
        find_step(opened, start, parse_query("nan"), True, report)
    assert [each.stage for each in heard] == ["looking through", "computing"]
    assert not any(opened.values.is_ready(sweep.writes) for sweep in opened.trace.sweeps)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("relu", "relu closes"), ("winner", "winner changes"), ("sign", "sign change"),
     ("max", "largest"), ("inf", "infinity"), ("> −2.5", "> −2.5")],
)  # fmt: skip
def test_short_names(text: str, meant: str) -> None:
    """A beginning is enough."""
    assert parse_query(text).text == meant


@pytest.mark.parametrize("text", ["", "s", "> x", "foo", "=="])
def test_what_is_nothing_to_look_for(text: str) -> None:
    """The error names what can be looked for."""
    with pytest.raises(UsageError, match="relu closes"):
        parse_query(text)


def test_a_leaky_relu_closes_at_minus_infinity() -> None:
    """With a slope of 0 as with any other: that what comes out is NaN is another matter."""
    text = """
[input]
values = [[-inf, 1, nan, -2]]
[[layers]]
type = "leaky_relu"
name = "leaky1"
slope = SLOPE
"""
    for slope in ("0.0", "0.5"):
        opened = stepper(text.replace("SLOPE", slope))
        assert list(every_step(opened, 0, 3, parse_query("relu closes"))) == [0, 3]


def test_what_a_maximum_starts_from_is_no_infinity() -> None:
    """A padded pool begins at −∞ and reads −∞ on its padding; an infinite pixel is one."""
    text = """
[input]
values = [[1, 2], [3, inf]]
[[layers]]
type = "max_pool2d"
name = "pool1"
size = 2
padding = 1
stride = 1
"""
    opened = stepper(text)
    found = list(every_step(opened, 0, len(opened.trace) - 1, parse_query("infinity")))
    wanted = walked(opened, lambda r: r.sweep == "forward" and r.after == np.inf)
    assert found == wanted
    assert found
    calm = stepper(text.replace("inf", "4"))
    assert not list(every_step(calm, 0, len(calm.trace) - 1, parse_query("infinity")))
