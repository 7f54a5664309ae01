"""Gradients without torch: the trilinear identity, old mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checked import NET
from checks import same_bits
from hypothesis import given
from networks import EVERY_KIND, every_pass, stepper
from strategies import Case, convolutions, examples, generators

from cnnsim.network.graph import INPUT
from cnnsim.network.iteration import Iteration
from cnnsim.stepper.values import Values

Array = np.ndarray[Any, Any]


def one_layer(net: Any, x: Array, leaves: dict[str, Array], dy: Array) -> Values:
    """All tensors of a network of one layer for the output gradient `dy`."""
    iteration = Iteration(net, given={net.layers[-1].name: dy})
    return Values(iteration.sweeps, {INPUT: x, **leaves, **iteration.given_tensors})


# --- the arithmetic -----------------------------------------------------------------------------


@examples(120)
@given(convolutions(), generators())
def test_one_number_three_ways(case: Case, rng: np.random.Generator) -> None:
    """⟨g, conv(x, w)⟩ = ⟨w, dw⟩ = ⟨x, dx⟩: the same products in three orders."""
    assert case.kernel is not None
    net = Case({**case.entry, "bias": "none"}, case.x).net
    dy = rng.standard_normal(net.places["conv2d"].cells)
    values = one_layer(net, case.x, {"conv2d.w": case.kernel}, dy)
    products = np.abs(case.kernel).sum() * np.abs(case.x).max() * np.abs(dy).max()
    near = {"rel": 1e-12, "abs": 1e-12 * float(products)}
    forward = float((dy * values["conv2d.y"]).sum())
    assert float((case.kernel * values["conv2d.dw"]).sum()) == pytest.approx(forward, **near)
    assert float((case.x * values["conv2d.dx"]).sum()) == pytest.approx(forward, **near)


@pytest.mark.parametrize(
    "keys",
    [
        "padding = [1, 0, 2, 1]\nstride = [2, 1]",
        'groups = 2\ndilation = 2\npadding = "same"',
        'mode = "convolution"\nstride = 2\npadding = 1',
        'mode = "convolution"\ngroups = 2\nbias = "untied"',
    ],
)
def test_a_gradient_step_is_its_forward_twin(keys: str) -> None:
    """With the same number come the same pixel, the same kernel element, the same output."""
    opened = stepper(
        f"[input]\nrandom = [2, 2, 4, 5]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\nfilters = 2\n"
        f"size = [2, 3]\n{keys}\n[output_grad]\nones = true"
    )
    y = opened.values["c.y"].shape
    met: dict[str, set[int]] = {"kernel_grad": set(), "input_grad": set()}
    for step in range(len(opened.trace)):
        here = opened.read(step)
        if here.sweep not in met or here.mac is None:
            assert here.sweep != "kernel_grad"
            continue
        twin = opened.read(opened.find(f"mac {here.mac}"))
        assert twin.sweep == "forward"
        pixel, weight = twin.reads
        if here.sweep == "kernel_grad":
            assert here.reads[0] == pixel
            assert here.reads[1].index == twin.cell
            assert here.cell == weight.index
            assert here.product == here.reads[0].value * here.reads[1].value
        else:
            assert here.reads[0].index == twin.cell
            assert here.reads[1] == weight
            assert here.cell == pixel.index
        met[here.sweep].add(here.mac)
    # The kernel's gradient visits every one, the input's all but those on padding.
    assert met["kernel_grad"] == set(range(opened.trace.macs))
    padding = {
        opened.read(step).mac
        for step in range(opened.trace.macs)
        if opened.read(step).why == "padding"
    }
    assert met["input_grad"] == met["kernel_grad"] - padding
    assert np.prod(y) * 6 * opened.network.shapes["c.w"][1] == opened.trace.macs


def test_a_dense_gradient_step_is_its_forward_twin() -> None:
    opened = stepper(
        "[input]\nvalues = [[1.0, 2.0, 3.0]]\n[[layers]]\ntype = 'flatten'\nname = 'f'\n"
        "[[layers]]\ntype = 'dense'\nname = 'd'\nunits = 2\n[output_grad]\nones = true"
    )
    for address, mac in (
        ("d.kernel_grad[1,2] tap[0]", 5),
        ("d.kernel_grad[0,1] tap[0]", 1),
        ("d.input_grad[0,2] tap[1]", 5),
        ("d.input_grad[0,0] tap[1]", 3),
    ):
        assert opened.read(opened.find(address)).mac == mac
    assert opened.read(opened.find("d.forward[0,1] tap[2]")).mac == 5
    assert opened.read(opened.find("d.bias_grad[1]")).mac is None


@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_last_step_of_a_cell_is_the_gradient(name: str) -> None:
    """Also backwards a tensor is what its steps add up to, bit for bit."""
    iteration, values = every_pass(name)
    for sweep in iteration.phases["backward"]:
        assert values[sweep.writes].shape == sweep.cells
        assert np.isfinite(values[sweep.writes]).all(), sweep.writes


# --- mistakes that learners make ----------------------------------------------------------------


def test_gradients_start_from_zero_in_every_iteration() -> None:
    """Iteration 5's gradient is that of its own weights, nothing left from before."""
    opened = stepper(NET)
    later = opened.iterations.at(5)
    fresh = stepper(NET)
    for name in opened.network.parameters:
        for index in np.ndindex(later[name].shape):
            fresh.edit(name, index, float(later[name][index]))
    for tensor in ("conv1.dw", "conv1.db", "fc.dw", "fc.db"):
        assert same_bits(fresh.values[tensor], later[tensor]), tensor
        total = sum(opened.iterations.at(number)[tensor] for number in range(6))
        assert not np.allclose(later[tensor], total)


def test_the_slope_of_relu_at_0_is_0() -> None:
    opened = stepper(
        "[input]\nvalues = [[-1.0, 0.0, -0.0, 2.0]]\n[[layers]]\ntype = 'relu'\nname = 'r'\n"
        "[output_grad]\nvalues = [[5, 6, 7, 8]]"
    )
    assert opened.values["r.dx"].ravel().tolist() == [0, 0, 0, 8]


def test_a_closed_relu_lets_nothing_through() -> None:
    opened = stepper(
        "[input]\nvalues = [[1.0, 2.0]]\n[[layers]]\ntype = 'conv2d'\nname = 'c'\n"
        "kernel = [[-1.0]]\n[[layers]]\ntype = 'relu'\nname = 'r'\n[output_grad]\nones = true"
    )
    assert not opened.values["c.dw"].any()
    assert not opened.values["c.dx"].any()


def test_overlapping_windows_add() -> None:
    """The centre wins all four windows and gets 1 + 2 + 3 + 4, not only the last one's."""
    opened = stepper(
        "[input]\nvalues = [[1, 2, 1], [2, 9, 2], [1, 2, 1]]\n[[layers]]\ntype = 'max_pool2d'\n"
        "name = 'p'\nsize = 2\nstride = 1\n[output_grad]\nvalues = [[1, 2], [3, 4]]"
    )
    assert opened.values["p.dx"][0, 0].tolist() == [[0, 0, 0], [0, 10, 0], [0, 0, 0]]


def test_the_first_of_a_tie_takes_it_all() -> None:
    opened = stepper(
        "[input]\nvalues = [[3, 3], [3, 3]]\n[[layers]]\ntype = 'max_pool2d'\nname = 'p'\n"
        "size = 2\n[output_grad]\nvalues = [[7]]"
    )
    assert opened.values["p.dx"][0, 0].tolist() == [[7, 0], [0, 0]]
