"""Blocks: as many samples as a vector has lanes, forward through all operations, and back.

The two halves are functions of their own, so that two processors compile them at once.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import native
from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION, DENSE, DROPOUT, POOL
from cnnsim.kernels.lanes.loops.bias import bias_gradient
from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.convolution import convolve, convolve_back
from cnnsim.kernels.lanes.loops.dense import dense, dense_back
from cnnsim.kernels.lanes.loops.dropping import drop, pass_on
from cnnsim.kernels.lanes.loops.functions import activate_back
from cnnsim.kernels.lanes.loops.gradient import conv_gradient, turn
from cnnsim.kernels.lanes.loops.loss import loss_of_block
from cnnsim.kernels.lanes.loops.pool import apply, apply_back, pool, pool_back
from cnnsim.kernels.lanes.loops.tile import keep, load_panel, transpose
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    load_from,
    memory_of,
    spread,
    store,
    write,
)


@kernel
def load_block(
    m: Any, inputs: Any, samples: Any, first: int, places: Any, x: int, scratch: int
) -> None:
    """Put the samples of one block into the lanes of x; the last one again where there are less."""
    width = lanes(m)
    features = inputs.shape[1]
    last = samples.size - 1
    if features < width:
        for f in range(features):
            for n in range(width):
                write(m, x + places[f] * width + n, inputs[samples[min(first + n, last)], f])
        return
    begin = 0
    while begin < features:
        # The last group begins earlier, so that it is full too.
        at = min(begin, features - width)
        for n in range(width):
            row = samples[min(first + n, last)] * features
            store(m, scratch + n * width, load_from(m, inputs, row + at))
        keep(m, scratch, width, transpose(load_panel(m, scratch, width)))
        for k in range(width):
            store(m, x + places[at + k] * width, load(m, scratch + k * width))
        begin += width


@kernel
def load_target(
    m: Any, classes: Any, values: Any, samples: Any, first: int, places: Any, target: int
) -> None:
    """Put the targets of one block into lanes: values, or a 1 for each sample's class."""
    width = lanes(m)
    last = samples.size - 1
    for o in range(places.size):
        store(m, target + o * width, spread(m, 0.0))
    for n in range(width):
        sample = samples[min(first + n, last)]
        if values.shape[0] == 0:
            write(m, target + places[classes[sample]] * width + n, 1.0)
        else:
            for o in range(places.size):
                write(m, target + places[o] * width + n, values[sample, o])


@inlined
def place_of(places: Any, place: int, kept: int, block: int, thread: int) -> Any:
    """Where a tensor of this block, or of this thread, lies."""
    if kept:
        return place + block * places.block_step
    return place + thread * places.thread_step


@native
def forward_block(
    array: Any, ops: Any, cells: Any, places: Any, input_places: Any, inputs: Any, batches: Any,
    keys: Any, step: int, number: int, block: int, thread: int,
) -> None:  # fmt: skip
    """Take samples through all operations: block number `number` of the batch of a step.

    It lies where those of `block` do. keys [steps][dropouts] are those of the masks, none in
    evaluation.
    """
    m = memory_of(array)
    samples, its_keys = batches[step], keys[step]
    own = thread * places.thread_step
    scratch = places.scratch + own
    first = number * lanes(m)
    x = place_of(places, ops[0].x, ops[0].x_kept, block, thread)
    load_block(m, inputs, samples, first, input_places, x, scratch)
    for at in range(ops.size):
        op = ops[at]
        x = place_of(places, op.x, op.x_kept, block, thread)
        y = place_of(places, op.y, op.y_kept, block, thread)
        if op.kind == CONVOLUTION:
            convolve(m, op, cells, x, y, op.code + own, scratch)
        elif op.kind == DENSE:
            dense(m, op, x, y, scratch)
        elif op.kind == POOL:
            pool(m, op, cells, x, y, op.code + own)
        elif op.kind == DROPOUT:
            inside = y + op.first_y * lanes(m)
            if its_keys.size:
                drop(m, op, cells, its_keys[op.mask], first, x, op.line_y, inside, scratch)
            else:
                pass_on(m, op, x, inside)
        else:
            apply(m, op, x, y)


@inlined
def backward(
    m: Any, ops: Any, cells: Any, places: Any, keys: Any, first: int, block: int, thread: int
) -> None:
    """Take the gradient of a block back to the first operation that is trained."""
    width = lanes(m)
    own = thread * places.thread_step
    scratch = places.scratch + own
    number = ops.size - 1
    while number >= 0:
        op = ops[number]
        x = place_of(places, op.x, op.x_kept, block, thread)
        y = place_of(places, op.y, op.y_kept, block, thread)
        code, dy, dz, dx = op.code + own, op.dy + own, op.dz + own, op.dx + own
        kept = block * places.block_step
        if op.kind == CONVOLUTION:
            turned, raw = op.turned + own, op.raw + own
            conv_gradient(m, op, x, y, code, dy, dz, turned, raw, op.grad + kept)
            if op.back:
                convolve_back(m, op, cells, dz, dx, scratch)
        elif op.kind == DENSE:
            for at in range(0, op.maps * width, width):
                g = activate_back(m, op.activation, op.slope, load(m, y + at), load(m, dy + at))
                store(m, dz + at, g)
            if op.trained:
                turn(m, dz, op.maps, op.turned + kept, op.turned_line)
            if op.back:
                dense_back(m, op, dz, dx, scratch)
        elif op.back:
            if op.kind == POOL:
                pool_back(m, op, cells, dy, code, dx)
            elif op.kind == DROPOUT:
                line = op.width_y * op.maps
                drop(m, op, cells, keys[op.mask], first, dy, line, dx, scratch)
            else:
                apply_back(m, op, y, dy, dx)
                if op.trained and op.kind == BIAS:
                    bias_gradient(m, op, dx, op.grad + kept)
        number -= 1
        if not op.back:
            return


@native
def backward_block(
    array: Any, ops: Any, cells: Any, places: Any, loss: int, output_places: Any, classes: Any,
    values: Any, batches: Any, keys: Any, step: int, number: int, thread: int,
) -> None:  # fmt: skip
    """The loss of a block that went forward, and all gradients of its weights."""
    m = memory_of(array)
    width = lanes(m)
    own = thread * places.thread_step
    scratch = places.scratch + own
    samples = batches[step]
    first, last = number * width, ops[ops.size - 1]
    target = places.target + own
    load_target(m, classes, values, samples, first, output_places, target)
    for n in range(width):
        write(m, scratch + n, 1.0 if first + n < samples.size else 0.0)
    lost = loss_of_block(
        m, loss, output_places.size, last.y + own, target, last.dy + own, load(m, scratch),
        samples.size,
    )  # fmt: skip
    store(m, places.loss + number * places.block_step, lost)
    backward(m, ops, cells, places, keys[step], first, number, thread)
