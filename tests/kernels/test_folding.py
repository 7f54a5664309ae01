"""The kernel of training against the NumPy one: the same bits, however tensors lie."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks import same_bits
from gradients import Gradients, gradients, holes
from hypothesis import given
from networks import EVERY_KIND, every_pass, values_of
from strategies import Case, convolutions, examples, pools

from cnnsim.kernels import places
from cnnsim.kernels.folding import Folder
from cnnsim.kernels.places import Grid, TooLarge
from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.stepper.values import Values
from cnnsim.steps.sweep import ADD, Read, Sweep


def samples_last(array: Any) -> Any:
    """The same array with its first axis side by side in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(np.asarray(array), 0, -1)), -1, 0)


def check(sweep: Sweep, tensors: Any) -> None:
    """In both layouts, in two parts, the second one first."""
    expected = fill_vectorised(sweep, tensors)
    for lay in (np.ascontiguousarray, samples_last):
        mine = {name: lay(tensors[name]) if tensors[name].ndim else tensors[name]
                for name in sweep.tensors}  # fmt: skip
        out = np.zeros(sweep.cells)
        out = lay(out) if out.ndim else out
        folder = Folder(sweep, mine, out)
        folder.prepare()
        half = folder.units // 2
        folder(half, folder.units)
        folder(0, half)
        # Which of two zeros a maximum of one term is, processors do not agree on.
        equal = same_bits if sweep.fold else np.array_equal
        assert equal(out, expected), sweep.full_name


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_pass_of_every_kind(name: str) -> None:
    iteration, values = every_pass(name)
    for sweep in iteration.sweeps:
        if not sweep.transcendental:
            check(sweep, values)


@examples(20)
@given(convolutions())
def test_convolution(case: Case) -> None:
    values = values_of(case.net, case.x)
    check(values._sweeps[0], values)


@examples(15)
@given(pools("max_pool2d"))
def test_max_pool_and_its_winner(case: Case) -> None:
    values: Values = values_of(case.net, case.x)
    for sweep in case.net.sweeps:
        check(sweep, values)


@examples(20)
@given(gradients())
def test_gradients_with_holes(gradient: Gradients) -> None:
    check(gradient.input, gradient.tensors)
    check(gradient.kernel, gradient.tensors)


def test_holes_leave_even_a_negative_zero_alone() -> None:
    gradient = holes()
    check(replace(gradient.input, start=-0.0), gradient.tensors)


def test_the_samples_of_a_batch_are_the_lane() -> None:
    case = Case({"type": "conv2d", "kernel": np.ones((40, 3, 2, 2))}, np.ones((20, 3, 9, 9)))
    tensors = {name: np.asarray(v) for name, v in values_of(case.net, case.x).items()}
    assert Grid(case.net.sweeps[0], tensors).lane == 1
    tensors["input"] = samples_last(tensors["input"])
    assert Grid(case.net.sweeps[0], tensors).lane == 0


def test_a_term_may_make_an_array() -> None:
    """Numba makes one of each np.where, which somebody's own kind of layer may call."""

    def above(values: Any, cell: Any, tap: Any, p: Any) -> Any:
        return np.where(values[0] > 1.0, values[0], 0.0)

    sweep = Sweep(
        layer="sum", name="forward", writes="y", cells=(3,), cell_axes=("n",), reads=(Read("x"),),
        where=lambda cell, tap, p: ((cell[0], tap[0]),), taps=(4,), tap_axes=("i",), term=above,
        fold=ADD,
    )  # fmt: skip
    check(sweep, {"x": np.arange(12.0).reshape(3, 4) / 4})


def test_tables_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_LARGEST", 10)
    case = Case({"type": "conv2d", "kernel": np.ones((1, 1, 2, 2))}, np.ones((1, 1, 9, 9)))
    with pytest.raises(TooLarge):
        Grid(case.net.sweeps[0], values_of(case.net, case.x)).places(0)
