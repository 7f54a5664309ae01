"""The compiled kernel and the NumPy one: the same bits, whatever the sweep and the threads."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from checks import same_bits
from gradients import holes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from networks import EVERY_KIND, every_kind, every_pass, values_of
from strategies import Case, convolutions, examples, generators, pools

from cnnsim.kernels import fill as fill_module
from cnnsim.kernels import folding, places
from cnnsim.kernels.compiled import fill_compiled
from cnnsim.kernels.fill import Progress, can_compile, fill
from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.stepper.values import Values
from cnnsim.steps.sweep import ADD, LARGER, SMALLER, Fold, Read, Sweep
from cnnsim.steps.work import work_out

#: Every (mode, grouped) rule once, with every bias once: a compilation takes a second.
RULES = {
    ("cross_correlation", False): "tied",
    ("cross_correlation", True): "untied",
    ("convolution", False): "none",
    ("convolution", True): "none",
}


def check(sweep: Sweep, tensors: Any, threads: int = 2) -> None:
    assert can_compile(sweep)
    compiled = fill_compiled(sweep, tensors, threads)
    assert compiled.dtype == np.float64
    assert same_bits(compiled, fill_vectorised(sweep, tensors))


@pytest.mark.parametrize(("mode", "grouped"), RULES)
def test_convolution(mode: str, grouped: bool) -> None:
    bias = RULES[mode, grouped]

    @examples(20)
    @given(convolutions(), st.integers(1, 5))
    def run(case: Case, threads: int) -> None:
        entry = {**case.entry, "mode": mode, "bias": bias}
        if (entry["groups"] > 1) != grouped:
            return
        values = values_of(Case(entry, case.x).net, case.x)
        check(values._sweeps[0], values, threads)

    run()


@examples(25)
@given(pools("max_pool2d"), st.integers(1, 4))
def test_max_pool_and_its_winner(case: Case, threads: int) -> None:
    values = values_of(case.net, case.x)
    for sweep in case.net.sweeps:
        check(sweep, values, threads)


@examples(40)
@given(pools("max_pool2d"), generators())
def test_of_equal_zeros_the_first_stays(case: Case, rng: np.random.Generator) -> None:
    """0.0 == −0.0, and either can be the maximum: on NumPy, compiled, and cell by cell."""
    x = rng.choice([0.0, -0.0, 0.0, -0.0, -1.0, np.nan], case.x.shape)
    values = values_of(case.net, x)
    for sweep in case.net.sweeps:
        check(sweep, values)
        for cell in np.ndindex(sweep.cells):
            assert same_bits(work_out(sweep, cell, values).value, values[sweep.writes][cell])
    flat = x.reshape(*x.shape[:2], -1)
    for cell in np.ndindex(case.net.sweeps[0].cells):
        largest = values["max_pool2d.y"][cell]
        winner = int(values["max_pool2d.winner"][cell])
        assert same_bits(largest, flat[cell[0], cell[1], winner])


@examples(40)
@given(generators())
def test_of_equal_zeros_the_first_stays_the_smaller(rng: np.random.Generator) -> None:
    """In one window: kernels of others differ as those of the larger do."""
    x = rng.choice([0.0, -0.0, 0.0, -0.0, 1.0, np.nan], (2, 2, 4, 5))
    case = Case({"type": "max_pool2d", "size": [2, 3], "padding": 1, "dilation": [2, 1]}, x)
    values = values_of(case.net, x)
    for sweep in case.net.sweeps:
        check(replace(sweep, fold=SMALLER, start=np.inf), values)


@examples(100)
@given(
    hnp.arrays(
        np.float64, (3, 7), elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, -np.inf, np.nan])
    )
)
@pytest.mark.parametrize("fold", [ADD, LARGER, SMALLER])
def test_a_fold_accumulates_as_it_combines(fold: Fold, values: npt.NDArray[np.float64]) -> None:
    running = fold.accumulate(values, 1)
    total = values[:, 0]
    for number in range(1, values.shape[1]):
        total = fold.combine(total, values[:, number])
        assert same_bits(running[:, number], total)


@examples(40)
@given(pools("avg_pool2d"))
def test_average_pool(case: Case) -> None:
    check(case.net.sweeps[0], values_of(case.net, case.x))


def test_holes_leave_even_a_negative_zero_alone() -> None:
    gradient = holes()
    sweep = replace(gradient.input, start=-0.0)
    assert same_bits(fill_vectorised(sweep, gradient.tensors), np.full((1, 1, 5, 5), -0.0))
    for cell in np.ndindex(sweep.cells):
        assert same_bits(work_out(sweep, cell, gradient.tensors).value, -0.0)


@pytest.mark.parametrize("name", ["conv, tied", "pools"])
def test_backward_passes(name: str) -> None:
    iteration, values = every_pass(name)
    for sweep in iteration.phases["backward"]:
        if can_compile(sweep):
            check(sweep, values)


@pytest.mark.parametrize("name", ["batch norm, training", "dense without bias", "head"])
def test_other_folds(name: str) -> None:
    net, values = every_kind(name)
    for sweep in net.sweeps:
        if can_compile(sweep):
            check(sweep, values)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_all_cells_together_or_one_by_one(name: str) -> None:
    """NumPy takes either way depending on the sizes; `work_out` is what steps show."""
    iteration, values = every_pass(name)
    for sweep in iteration.sweeps:
        filled = fill_vectorised(sweep, values)
        for cell in np.ndindex(sweep.cells):
            assert same_bits(filled[cell], work_out(sweep, cell, values).value)


def test_nan_infinity_and_zeros_of_both_signs() -> None:
    case = Case(
        {"type": "conv2d", "kernel": np.ones((2, 1, 2, 2)), "padding": 1},
        np.reshape([0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, 1], (1, 1, 3, 3)),
    )
    kernel = np.reshape([0.0, -0.0, 1, -2, np.inf, 3, 0.5, -1], (2, 1, 2, 2))
    check(case.net.sweeps[0], values_of(case.net, case.x, **{"conv2d.w": kernel}))
    # Of two zeros of different sign either may count as the larger: processors differ.
    x = np.where(case.x == 0, 0.0, case.x)
    pool = Case({"type": "max_pool2d", "size": 2, "padding": 1, "stride": 1}, x).net
    values = values_of(pool, x)
    for sweep in pool.sweeps:
        check(sweep, values)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 17])
def test_rows_that_do_not_fill_a_strip(width: int) -> None:
    x = np.random.default_rng(width).standard_normal((2, 3, 4, width))
    case = Case({"type": "avg_pool2d", "size": 1}, x)
    values = values_of(case.net, x)
    assert same_bits(fill_compiled(case.net.sweeps[0], values, 3), x)


class Stopped(Exception):
    """What a caller raises to stop."""


def _long_sweep() -> tuple[Sweep, Values]:
    x = np.ones((1, 40, 30, 30))
    case = Case({"type": "max_pool2d", "size": 9, "stride": 1, "padding": 4}, x)
    return case.net.sweeps[0], values_of(case.net, x)


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_grows_to_one(threads: int) -> None:
    sweep, values = _long_sweep()
    shares: list[float] = []
    fill_compiled(sweep, values, threads, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 1


@pytest.mark.parametrize("threads", [1, 3])
def test_a_caller_can_stop_it(threads: int) -> None:
    sweep, values = _long_sweep()
    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        raise Stopped

    with pytest.raises(Stopped):
        fill_compiled(sweep, values, threads, stop)
    assert len(shares) == 1
    assert shares[0] < 1


def test_what_waits_is_not_begun_after_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[int, int]] = []

    def slow(first: int, last: int, *rest: Any) -> None:
        begun.append((first, last))
        time.sleep(0.002)

    monkeypatch.setattr(folding, "_kernel", lambda *rule: slow)
    x = np.ones((1, 100, 30, 30))
    case = Case({"type": "max_pool2d", "size": 9, "stride": 1, "padding": 4}, x)
    sweep, values = case.net.sweeps[0], values_of(case.net, x)
    fill_compiled(sweep, values, 1)
    pieces = len(begun)
    assert pieces > 3

    def stop(share: float) -> None:
        raise Stopped

    begun.clear()
    with pytest.raises(Stopped):
        fill_compiled(sweep, values, 1, stop)
    assert len(begun) < pieces


def test_a_tensor_without_axes() -> None:
    """The loss: one cell without coordinates, of few taps or of many."""
    for size in (1, 3, 50):
        sweep = Sweep(
            layer="loss",
            name="forward",
            writes="loss",
            cells=(),
            cell_axes=(),
            reads=(Read("x"),),
            where=lambda cell, tap, p: (tap,),
            taps=(size,),
            tap_axes=("i",),
            fold=ADD,
        )
        x = np.arange(1.0, size + 1)
        assert not can_compile(sweep)
        assert fill(sweep, {"x": x}).shape == ()
        assert fill(sweep, {"x": x}) == size * (size + 1) / 2 == work_out(sweep, (), {"x": x}).value


def test_small_sweeps_do_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    net, values = every_kind("conv, tied")
    told: list[Progress] = []
    first = fill(net.sweeps[0], values, told.append)
    assert told == [("computing", "conv2d.forward", 0.0)]
    monkeypatch.setattr(fill_module, "COMPILE_FROM", 1)
    told.clear()
    second = fill(net.sweeps[0], values, told.append)
    assert [progress.stage for progress in told[:2]] == ["compiling", "computing"]
    assert told[-1].share == 1
    assert same_bits(first, second)


@pytest.mark.parametrize("name", ["curves", "head", "adds"])
def test_what_cannot_be_compiled_runs_on_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps of one term a cell and those that call exp, however large."""
    monkeypatch.setattr(fill_module, "COMPILE_FROM", 1)
    net, values = every_kind(name)
    for sweep in net.sweeps:
        told: list[Progress] = []
        filled = fill(sweep, values, told.append)
        assert same_bits(filled, fill_vectorised(sweep, values))
        assert (told[0].stage == "compiling") == can_compile(sweep)


def test_a_sweep_whose_places_fill_no_table_runs_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill_module, "COMPILE_FROM", 1)
    monkeypatch.setattr(places, "_LARGEST", 10)
    sweep, values = _long_sweep()
    told: list[Progress] = []
    assert same_bits(fill(sweep, values, told.append), fill_vectorised(sweep, values))
    assert [progress.stage for progress in told] == ["compiling", "computing"]
