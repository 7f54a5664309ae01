"""Training steps of one sample each: one compiled run from the first to the last."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.kernels.lanes.compiling import entry, kernel, spliced
from cnnsim.kernels.lanes.loss import loss_of_one
from cnnsim.kernels.lanes.single import (
    conv_one,
    conv_one_back,
    conv_one_before,
    conv_one_update,
    dense_one,
    dense_one_back,
)
from cnnsim.kernels.lanes.step import forward, load_block
from cnnsim.kernels.lanes.tile import keep, load_panel, transpose
from cnnsim.kernels.lanes.update import numbers_of
from cnnsim.kernels.lanes.vector import (
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
def bring_block(
    m: Any, front: Any, x: int, sources: Any, scratch: int, to: int, line: int
) -> None:  # fmt: skip
    """Copy what as many samples as there are lanes became in `front`, a sample in each lane."""
    width = lanes(m)
    for f in range(0, sources.size, width):
        for k in range(min(width, sources.size - f)):
            store(m, scratch + k * width, load(front, x + sources[f + k] * width))
        keep(m, scratch, width, transpose(load_panel(m, scratch, width)))
        for n in range(width):
            value = load(m, scratch + n * width)
            store_first(m, to + n * line + f, sources.size - f, value)


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


@spliced
def step_one(
    m: Any, ops: Any, x: int, loss: int, outputs: int, target: int, rule: Any, pace: Any,
    scratch: int,
) -> float:  # fmt: skip
    """Take one sample, which is the first operation's x, through everything; its loss."""
    for number in range(ops.size):
        op = ops[number]
        at = op.x if number else x
        if op.convolves:
            conv_one(m, op, at)
        else:
            dense_one(m, op, at)
    last = ops[ops.size - 1]
    found = loss_of_one(m, loss, outputs, last.y, target, last.dy)
    for back in range(ops.size):
        number = ops.size - 1 - back
        op = ops[number]
        at = op.x if number else x
        if op.convolves:
            conv_one_before(m, op)
            if op.back:
                conv_one_back(m, op)
            if op.trained:
                conv_one_update(m, op, rule, pace, at)
        else:
            dense_one_back(m, op, rule, pace, at)
    return found


@entry
def run_singles(
    array: Any, ops: Any, places: Any, rule: Any, loss: int, sources: Any,
    front_array: Any, front_ops: Any, front_cells: Any, front_places: Any, front_inputs: Any,
    inputs: Any, classes: Any, values: Any, outputs: int, samples: Any, paces: Any, losses: Any,
) -> None:  # fmt: skip
    """One step for each of `samples`. What `front_ops` make of a sample never changes.

    So as many samples as there are lanes go through them at once; the last of them is the first
    that is trained, and only its input is used. losses [steps] is filled in.
    """
    m, front = memory_of(array), memory_of(front_array)
    numbers = numbers_of(rule)
    nothing = np.empty(0, np.uint64)
    width = lanes(m)
    line, target_line = places.sample_line, places.target_line
    before = front_ops.size - 1
    for start in range(0, samples.size, width):
        some = samples[start : start + width]
        if before:
            scratch = front_places.scratch
            load_block(front, inputs, samples, start, front_inputs, front_ops[0].x, scratch)
            forward(front, front_ops[:before], front_cells, front_places, nothing, 0, 0, 0)
            bring_block(
                m, front, front_ops[before].x, sources, places.scratch, places.samples, line
            )  # fmt: skip
        else:
            bring_samples(m, inputs, some, places.samples, line)
        bring_targets(m, classes, values, some, outputs, places.targets, target_line)
        for n in range(some.size):
            x = places.samples + n * line
            if places.is_copied:
                put_inside(m, ops[0], x)
                x = ops[0].x
            target = places.targets + n * target_line
            pace = paces[start + n, 0], paces[start + n, 1]
            losses[start + n] = step_one(
                m, ops, x, loss, outputs, target, numbers, pace, places.scratch
            )
