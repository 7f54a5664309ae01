"""Training steps of one sample each: one compiled run from the first to the last."""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import native
from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION
from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.loss import loss_of_one
from cnnsim.kernels.lanes.loops.single import (
    before_one,
    bias_one,
    bias_one_update,
    conv_one,
    conv_one_back,
    conv_one_update,
    dense_one,
    dense_one_back,
)
from cnnsim.kernels.lanes.loops.update import numbers_of
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    load_from,
    memory_of,
    spread,
    store,
    store_first,
    write,
)


@kernel
def bring_samples(m: Any, inputs: Any, samples: Any, to: int, line: int) -> None:
    """Copy `samples` of all inputs to places `line` floats apart."""
    features, width = inputs.shape[1], lanes(m)
    vectors = features // width * width
    for n in range(samples.size):
        from_ = samples[n] * features
        for f in range(0, vectors, width):
            store(m, to + f, load_from(m, inputs, from_ + f))
        for f in range(vectors, features):
            write(m, to + f, inputs[samples[n], f])
        to += line


@kernel
def bring_targets(
    m: Any, classes: Any, values: Any, samples: Any, outputs: int, to: int, line: int
) -> None:
    """The same for their targets: values, or a 1 for the class."""
    for n in range(samples.size):
        if values.shape[0]:
            for o in range(outputs):
                write(m, to + o, values[samples[n], o])
        else:
            for o in range(0, outputs, lanes(m)):
                store(m, to + o, spread(m, 0.0))
            write(m, to + classes[samples[n]], 1.0)
        to += line


@kernel
def put_inside(m: Any, op: Any, from_: int) -> None:
    """Copy a sample into x, within its border."""
    width = lanes(m)
    for c in range(op.channels):
        for r in range(op.inner_h):
            to = op.x + c * op.plane + op.begin + r * op.across
            for k in range(0, op.inner_w, width):
                store_first(m, to + k, op.inner_w - k, load(m, from_ + k))
            from_ += op.inner_w


@inlined
def step_one(
    m: Any, ops: Any, x: int, loss: int, outputs: int, target: int, rule: Any, pace: Any
) -> float:
    """Take one sample, which is the first operation's x, through everything; its loss."""
    for number in range(ops.size):
        op = ops[number]
        at = op.x if number else x
        if op.kind == CONVOLUTION:
            conv_one(m, op, at)
        elif op.kind == BIAS:
            bias_one(m, op, at)
        else:
            dense_one(m, op, at)
    last = ops[ops.size - 1]
    found = loss_of_one(m, loss, outputs, last.y, target, last.dy)
    for back in range(ops.size):
        number = ops.size - 1 - back
        op = ops[number]
        at = op.x if number else x
        if op.kind == CONVOLUTION:
            before_one(m, op)
            if op.back:
                conv_one_back(m, op)
            if op.trained:
                conv_one_update(m, op, rule, pace, at)
        elif op.kind == BIAS:
            before_one(m, op)
            if op.trained:
                bias_one_update(m, op, rule, pace)
        else:
            dense_one_back(m, op, rule, pace, at)
    return found


@native
def run_singles(
    array: Any, ops: Any, places: Any, rule: Any, loss: int, inputs: Any, classes: Any,
    values: Any, outputs: int, rows: Any, samples: Any, paces: Any, losses: Any,
) -> None:  # fmt: skip
    """One step for each of `samples`, whose `inputs` are in `rows`. losses [steps] is filled in."""
    m = memory_of(array)
    numbers = numbers_of(rule)
    width = lanes(m)
    line, target_line = places.sample_line, places.target_line
    for start in range(0, samples.size, width):
        some = samples[start : start + width]
        bring_samples(m, inputs, rows[start : start + width], places.samples, line)
        bring_targets(m, classes, values, some, outputs, places.targets, target_line)
        for n in range(some.size):
            x = places.samples + n * line
            if places.is_copied:
                put_inside(m, ops[0], x)
                x = ops[0].x
            target = places.targets + n * target_line
            pace = paces[start + n, 0], paces[start + n, 1]
            losses[start + n] = step_one(m, ops, x, loss, outputs, target, numbers, pace)
