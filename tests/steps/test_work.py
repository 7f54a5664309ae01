"""What a cell says about its taps, against the finished tensors and against plain loops."""

from __future__ import annotations

from itertools import product as places

import numpy as np
import pytest
from checks import same_bits
from gradients import Gradients, gradients, gradients_of
from hypothesis import given
from layer_oracles import Oracle, oracles
from networks import EVERY_KIND, every_pass
from strategies import Case, convolutions, examples

from cnnsim.kernels.vectorised import fill_vectorised
from cnnsim.steps.reading import ReadValue, read_step
from cnnsim.steps.trace import Trace
from cnnsim.steps.work import work_out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", EVERY_KIND)
def test_steps_lead_to_the_tensor(name: str, seed: int) -> None:
    """Every step: before is the last after, and a cell's last after is the tensor, bit for bit."""
    iteration, values = every_pass(name, seed)
    trace = Trace(iteration.sweeps)
    work = None
    for step in range(len(trace)):
        position = trace.position(step)
        sweep = trace.sweep_of(position)
        if not any(position.tap):
            work = work_out(sweep, position.cell, values)
            after = work.start
        assert work is not None
        reading = read_step(trace, step, position, work)
        last = position.tap == tuple(extent - 1 for extent in sweep.taps)
        if sweep.fold is not None:
            assert reading.before is not None
            assert after is not None
            assert same_bits(reading.before, after), reading.address
            if not last and reading.term is not None:
                folded = sweep.fold.combine(reading.before, reading.term)
                assert same_bits(reading.after, folded), reading.address
        if last:
            assert same_bits(reading.after, values[sweep.writes][position.cell]), reading.address
        if reading.why == "hole":
            assert (reading.mac, reading.term) == (None, None), reading.address
        elif sweep.twin is not None or sweep.counts_macs:
            assert reading.mac is not None, reading.address
        for read in reading.reads:
            if read.inside:
                assert read.index is not None
                assert same_bits(read.value, values[read.tensor][read.index])
        after = reading.after


@examples(25)
@given(convolutions(plane=4))
def test_convolution_by_loops(case: Case) -> None:
    """Seven loops and a sum in float64: the same bits, step for step."""
    net = case.net
    (sweep,) = net.sweeps
    window = net.layers[0].field([case.x.shape[1:]])
    assert window is not None
    assert case.kernel is not None
    tensors = {"input": case.x, "conv2d.w": case.kernel}
    if case.bias is not None:
        shape = net.parameters["conv2d.b"].shape
        tensors["conv2d.b"] = np.broadcast_to(case.bias, shape)
    trace = Trace(net.sweeps)
    per_group = len(case.kernel) // case.entry["groups"]
    depth = case.kernel.shape[1]
    rows, columns = case.x.shape[2:]
    step = 0
    for n, o, y, x in places(*map(range, sweep.cells)):
        work = work_out(sweep, (n, o, y, x), tensors)
        total = 0.0
        if case.bias is not None:
            bias = tensors["conv2d.b"]
            total = float(bias[o] if bias.ndim == 1 else bias[o, y, x])
        for c, i, j in places(*map(range, case.kernel.shape[1:])):
            row = y * window.stride_h + i * window.dilation_h - window.top
            column = x * window.stride_w + j * window.dilation_w - window.left
            channel = o // per_group * depth + c
            inside = 0 <= row < rows and 0 <= column < columns
            pixel = float(case.x[n, channel, row, column]) if inside else 0.0
            if case.entry["mode"] == "convolution":
                weight = float(case.kernel[o, c, -1 - i, -1 - j])
            else:
                weight = float(case.kernel[o, c, i, j])
            reading = read_step(trace, step, trace.position(step), work)
            assert same_bits(reading.before, total)
            total = total + pixel * weight
            assert same_bits(reading.after, total)
            assert (reading.left, reading.right) == (pixel, weight)
            assert reading.product == reading.term == pixel * weight
            assert (reading.outside, reading.why) == (
                (False, None) if inside else (True, "padding")
            )
            assert reading.reads[0].index == (n, channel, row, column)
            assert reading.mac == step
            step += 1


@examples(25)
@given(gradients())
def test_holes(gradient: Gradients) -> None:
    """A hole has no product, no number, no term, and leaves the sum alone."""
    sweep, tensors, entry = gradient.input, gradient.tensors, gradient.case.entry
    trace = Trace([gradient.case.net.sweeps[0], sweep])
    dx = fill_vectorised(sweep, tensors)
    visible, begin = 0, trace.first_step(1)
    for step in range(begin, min(len(trace), begin + 3000)):
        position = trace.position(step)
        work = work_out(sweep, position.cell, tensors)
        reading = read_step(trace, step, position, work)
        (n, o, row, column), _ = sweep.where(position.cell, position.tap, sweep.params)
        fits = 0 <= row < gradient.dy.shape[2] and 0 <= column < gradient.dy.shape[3]
        if not fits:
            assert (reading.outside, reading.why) == (True, "hole")
            assert reading.term is None
            assert reading.mac is None
            assert reading.reads[0] == ReadValue("conv2d.dy", None, None, False)
            assert same_bits(reading.after, reading.before)
        else:
            visible += 1
            assert (reading.outside, reading.why) == (False, None)
            assert reading.term == gradient.dy[n, o, row, column] * reading.right
            assert reading.mac is not None
            assert reading.mac < begin
        if not any(extent - 1 - at for at, extent in zip(position.tap, sweep.taps, strict=True)):
            assert same_bits(reading.after, dx[position.cell])
    if entry["padding"] == "valid" and len(trace) - begin <= 3000:
        # Each product of the forward pass (none is on padding) appears exactly once.
        assert visible == gradient.dy.size * gradient.case.kernel[0].size


@pytest.mark.parametrize(
    "case",
    [
        each
        for each in oracles()
        if "dx" in each.arrays
        and each.entry.get("groups", 1) == 1
        and each.entry.get("mode") != "convolution"
    ],
    ids=repr,
)
def test_gradients_of_torch(case: Oracle) -> None:
    """The two gradients of a convolution are sweeps of the same products."""
    arrays, entry = case.arrays, {**case.entry, "bias": "none"}
    gradient = gradients_of(Case(entry, arrays["x"], arrays["kernel"]), arrays["dy"])
    dx = fill_vectorised(gradient.input, gradient.tensors)
    dw = fill_vectorised(gradient.kernel, gradient.tensors)
    np.testing.assert_allclose(dx, arrays["dx"], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(dw, arrays["dw"], rtol=1e-11, atol=1e-11)
