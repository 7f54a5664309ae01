"""Edits: what follows from a number changes with it, everything else stays, undo is exact."""

from __future__ import annotations

import numpy as np
import pytest
from checks import same_bits
from hypothesis import given
from hypothesis import strategies as st
from networks import stepper
from strategies import examples
from texts import dense

from cnnsim.errors import UsageError
from cnnsim.stepper.stepper import Stepper
from cnnsim.stepper.values import Values

#: Two branches from the input that meet again, so that each tensor has other followers.
NET = f"""\
mode = "training"
[input]
values = [[1, 6, 2, 0], [5, 3, 1, -2], [7, 0, 4, 1], [2, 2, 8, 3]]
[[layers]]
type = "conv2d"
name = "left"
kernel = [[1, 2], [-1, 0]]
bias = "untied"
[[layers]]
type = "max_pool2d"
name = "pool"
size = 2
stride = 1
[[layers]]
type = "conv2d"
name = "right"
from = "input"
filters = 1
size = 3
[[layers]]
type = "add"
name = "sum"
from = ["pool", "right"]
[[layers]]
type = "batch_norm2d"
name = "norm"
[[layers]]
type = "dropout"
name = "drop"
rate = 0.25
{dense(3)}
[[layers]]
type = "softmax"
name = "p"
"""
ALWAYS = {"sum.y", "norm.batch_mean", "norm.batch_variance", "norm.normalised", "norm.y",
          "drop.y", "flat.y", "fc.y", "p.largest", "p.total", "p.y"}  # fmt: skip
FOLLOWERS = {
    "input": {"left.y", "pool.y", "pool.winner", "right.y", *ALWAYS},
    "left.w": {"left.y", "pool.y", "pool.winner", *ALWAYS},
    "left.b": {"left.y", "pool.y", "pool.winner", *ALWAYS},
    "right.w": {"right.y", *ALWAYS},
    "right.b": {"right.y", *ALWAYS},
    "norm.w": {"norm.y", "drop.y", "flat.y", "fc.y", "p.largest", "p.total", "p.y"},
    "norm.b": {"norm.y", "drop.y", "flat.y", "fc.y", "p.largest", "p.total", "p.y"},
    "norm.mean": set(),
    "norm.variance": set(),
    "drop.mask": {"drop.y", "flat.y", "fc.y", "p.largest", "p.total", "p.y"},
    "fc.w": {"fc.y", "p.largest", "p.total", "p.y"},
    "fc.b": {"fc.y", "p.largest", "p.total", "p.y"},
}


def opened() -> Stepper:
    opened = stepper(NET)
    opened.values.compute_all()
    return opened


def everything(opened: Stepper) -> dict[str, np.ndarray]:
    return {name: opened.values[name].copy() for name in opened.values}


def fresh(opened: Stepper, tensor: str, index: tuple[int, ...], value: float) -> Values:
    """The scenario from scratch, with the leaf changed before anything is computed."""
    start = stepper(NET)
    leaves = {name: start.values[name].astype(np.float64) for name in start.values._leaves}
    leaves[tensor][index] = value
    return Values(start.network.sweeps, leaves)


@pytest.mark.parametrize("tensor", FOLLOWERS)
def test_exactly_what_follows_is_forgotten(tensor: str) -> None:
    it = opened()
    assert it.values.followers(tensor) == FOLLOWERS[tensor]
    it.edit(tensor, (0,) * it.values[tensor].ndim, 0.5)
    missing = {name for name in it.values if not it.values.is_ready(name)}
    assert missing == FOLLOWERS[tensor]


@examples(40)
@given(st.sampled_from([*FOLLOWERS]), st.data())
def test_an_edit_is_a_fresh_start_with_that_number(tensor: str, data: st.DataObject) -> None:
    it = opened()
    before = everything(it)
    index = tuple(data.draw(st.integers(0, extent - 1)) for extent in before[tensor].shape)
    value = data.draw(st.sampled_from([0.0, -0.0, 1.5, -3.0, 0.1, 1e300, np.nan, np.inf]))
    if value != value and tensor == "drop.mask":
        value = 0.0
    for step in range(0, len(it.trace), 37):  # fill the cache of worked-out cells
        it.read(step)
    old = it.edit(tensor, index, value)
    assert same_bits(old, before[tensor][index])
    other = fresh(it, tensor, index, value)
    after = everything(it)
    for name in after:
        assert same_bits(after[name], other[name]), name
    for step in range(0, len(it.trace), 37):
        position = it.trace.position(step)
        sweep = it.trace.sweep_of(position)
        work_value = it.work(position).value
        assert same_bits(work_value, other[sweep.writes][position.cell])
    it.edit(tensor, index, old)
    for name, tensor_before in before.items():
        assert same_bits(it.values[name], tensor_before), name


def test_edits_do_not_reach_the_scenario() -> None:
    """The file's numbers stay: another stepper of the same scenario sees none of the edits."""
    it = opened()
    for name in FOLLOWERS:
        it.edit(name, (0,) * it.values[name].ndim, 99.0)
    other = Stepper(it.scenario)
    expected = opened()
    for name in expected.values:
        assert same_bits(other.values[name], expected.values[name]), name


@pytest.mark.parametrize("tensor", sorted(FOLLOWERS["input"]))
def test_computed_tensors_are_not_edited(tensor: str) -> None:
    it = opened()
    before = everything(it)
    with pytest.raises(UsageError) as caught:
        it.edit(tensor, (0,) * it.values[tensor].ndim, 1.0)
    assert tensor in str(caught.value)
    assert "computed" in str(caught.value)
    for name, values in before.items():
        assert same_bits(it.values[name], values)


@pytest.mark.parametrize(
    ("tensor", "index"),
    [
        ("input", (0, 0, 4, 0)),
        ("input", (0, 0, -1, 0)),
        ("input", (0, 0, 0)),
        ("input", (0, 0, 0, 0, 0)),
        ("input", ()),
        ("fc.b", (3,)),
        ("left.b", (0,)),
    ],
)
def test_places_outside(tensor: str, index: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        opened().edit(tensor, index, 1.0)
    assert tensor in str(caught.value)


def test_a_tensor_that_does_not_exist() -> None:
    with pytest.raises(UsageError):
        opened().edit("nowhere.w", (0,), 1.0)
