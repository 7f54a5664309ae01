"""Training steps of one sample each: one compiled run from the first to the last."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnsim.kernels.lanes.compiling import entry, spliced
from cnnsim.kernels.lanes.gradient import turn
from cnnsim.kernels.lanes.loss import loss_of_one
from cnnsim.kernels.lanes.plan import CONVOLUTION
from cnnsim.kernels.lanes.single import (
    conv_one,
    conv_one_back,
    conv_one_before,
    conv_one_update,
    dense_one,
    dense_one_back,
)
from cnnsim.kernels.lanes.step import forward, load_block
from cnnsim.kernels.lanes.update import numbers_of
from cnnsim.kernels.lanes.vector import lanes, memory_of, write


@spliced
def forward_one(m: Any, ops: Any, cells: Any, begin: int, features: int, scratch: int) -> None:
    """Take one sample, whose input of operation `begin` is at `features`, to the end."""
    for number in range(begin, ops.size):
        op = ops[number]
        x = features if number == begin else op.x
        if op.kind == CONVOLUTION:
            conv_one(m, op, cells, x, op.y, op.code, scratch)
        else:
            dense_one(m, op, x, op.y)


@spliced
def backward_one(
    m: Any, ops: Any, begin: int, features: int, rule: Any, pace: Any, scratch: int
) -> None:
    """Take its gradient back, and update each operation once the one above has its own."""
    for back in range(ops.size - begin):
        number = ops.size - 1 - back
        op = ops[number]
        x = features if number == begin else op.x
        if op.kind == CONVOLUTION:
            dz = op.dz + op.first_dz
            conv_one_before(m, op, op.y, op.code, op.dy, dz, op.raw)
            if op.back:
                conv_one_back(m, op, op.dz, op.dx)
            if op.trained:
                conv_one_update(m, op, rule, pace, x, dz, op.raw, scratch)
        else:
            dense_one_back(m, op, rule, pace, x, op.y, op.dy, op.dz, op.dx)


@entry
def run_singles(
    array: Any, ops: Any, cells: Any, places: Any, rule: Any, loss: int, begin: int,
    input_places: Any, output_places: Any, inputs: Any, classes: Any, values: Any, samples: Any,
    paces: Any, losses: Any,
) -> None:  # fmt: skip
    """One step for each of `samples`; operation `begin` is the first that is trained.

    losses [steps] is filled in.
    """
    m = memory_of(array)
    numbers = numbers_of(rule)
    nothing = np.empty(0, np.uint64)
    width = lanes(m)
    first, target = ops[begin], places.target
    for start in range(0, samples.size, width):
        load_block(m, inputs, samples, start, input_places, ops[0].x, places.scratch)
        forward(m, ops[:begin], cells, places, nothing, 0, 0, 0)
        turn(m, first.x, first.size_in, places.features, places.feature_line)
        for n in range(min(width, samples.size - start)):
            sample = samples[start + n]
            features = places.features + n * places.feature_line
            forward_one(m, ops, cells, begin, features, places.scratch)
            last = ops[ops.size - 1]
            if values.shape[0] == 0:
                write(m, target + output_places[classes[sample]], 1.0)
            else:
                for o in range(output_places.size):
                    write(m, target + output_places[o], values[sample, o])
            losses[start + n] = loss_of_one(m, loss, output_places.size, last.y, target, last.dy)
            if values.shape[0] == 0:
                write(m, target + output_places[classes[sample]], 0.0)
            pace = paces[start + n, 0], paces[start + n, 1]
            backward_one(m, ops, begin, features, numbers, pace, places.scratch)
