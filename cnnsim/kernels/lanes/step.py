"""Training steps: what every thread runs, from the first batch of a run to the last.

A step has two halves. In the first each thread takes some blocks of the batch, as many samples as a
vector has lanes, through forward, loss and backward. In the second each thread takes some of the
weights, sums their gradients over all blocks in their order, and updates them. So the numbers do
not depend on who does what.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import entry
from cnnsim.kernels.lanes.barrier import meet
from cnnsim.kernels.lanes.bias import bias_gradient
from cnnsim.kernels.lanes.compiling import inlined, kernel
from cnnsim.kernels.lanes.convolution import convolve, convolve_back
from cnnsim.kernels.lanes.dense import dense, dense_back
from cnnsim.kernels.lanes.dropping import drop, pass_on
from cnnsim.kernels.lanes.functions import activate_back
from cnnsim.kernels.lanes.gradient import conv_gradient, turn
from cnnsim.kernels.lanes.loss import SOFTMAX_CROSS_ENTROPY, loss_of_block
from cnnsim.kernels.lanes.plan import BIAS, CONVOLUTION, DENSE, DROPOUT, POOL
from cnnsim.kernels.lanes.pool import apply, apply_back, pool, pool_back
from cnnsim.kernels.lanes.tile import (
    keep,
    load_panel,
    outer,
    taps_of_shape,
    transpose,
    vectors_of_shape,
    zero_shape,
)
from cnnsim.kernels.lanes.update import numbers_of, update
from cnnsim.kernels.lanes.vector import (
    lanes,
    load,
    load_from,
    memory_of,
    read,
    spread,
    store,
    write,
)

#: The shape of `shapes_of` for the gradient of a dense layer.
_ROW = 1


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


@inlined
def forward(
    m: Any, ops: Any, cells: Any, places: Any, keys: Any, first: int, block: int, thread: int
) -> None:
    """Take one block through all operations.

    `keys` are those of the dropouts' masks, none in evaluation; `first` is the block's first
    sample.
    """
    own = thread * places.thread_step
    scratch = places.scratch + own
    for number in range(ops.size):
        op = ops[number]
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
            if keys.size:
                drop(m, op, cells, keys[op.mask], first, x, op.line_y, inside, scratch)
            else:
                pass_on(m, op, x, inside)
        else:
            apply(m, op, x, y)


@inlined
def backward(
    m: Any, ops: Any, cells: Any, places: Any, keys: Any, first: int, block: int, thread: int
) -> None:
    """Take the gradient of one block back to the first operation that is trained."""
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


@inlined
def update_summed(
    m: Any, op: Any, places: Any, rule: Any, pace: Any, blocks: int, part: int,
    parts: int,
) -> None:  # fmt: skip
    """Sum the gradients of all blocks and update, for one of so many parts of the weights."""
    width = lanes(m)
    for k in range(op.vectors * part // parts, op.vectors * (part + 1) // parts):
        at = op.grad + k * width
        g = load(m, at)
        for block in range(1, blocks):
            g = g + load(m, at + block * places.block_step)
        update(m, rule, pace, op.weights + k * width, g)


@inlined
def update_dense(
    m: Any, op: Any, places: Any, rule: Any, pace: Any, blocks: int, part: int,
    parts: int, scratch: int,
) -> None:  # fmt: skip
    """Sum x · dz over the batch and update, for one of so many parts of the weights."""
    width = lanes(m)
    line = op.taps + 1
    panels = (op.maps + width - 1) // width
    if width == 16:
        taps, vectors = 8, 2
    else:
        taps, vectors = 5, 2
    across = (op.taps + taps - 1) // taps
    size = across * ((panels + vectors - 1) // vectors)
    for k in range(size * part // parts, size * (part + 1) // parts):
        i, v = k % across * taps, k // across * vectors
        acc = zero_shape(m, _ROW)
        for block in range(blocks):
            x = op.x + block * places.block_step + i * width
            g = op.turned + block * places.block_step + v * width
            for n in range(width):
                a = taps_of_shape(m, x + n, 0, _ROW)
                acc = outer(acc, a, vectors_of_shape(m, g, _ROW))
                g += op.turned_line
        keep(m, scratch, width, acc)
        for a in range(min(taps, op.taps - i)):
            for b in range(min(vectors, panels - v)):
                w = op.weights + ((v + b) * line + i + a) * width
                update(m, rule, pace, w, load(m, scratch + (a * vectors + b) * width))
    if op.has_bias:
        for v in range(panels * part // parts, panels * (part + 1) // parts):
            g = spread(m, 0.0)
            for block in range(blocks):
                at = op.turned + block * places.block_step + v * width
                for n in range(width):
                    g = g + load(m, at + n * op.turned_line)
            update(m, rule, pace, op.weights + (v * line + op.taps) * width, g)


@entry
def run_steps(
    array: Any, ops: Any, cells: Any, places: Any, rule: Any, loss: int, input_places: Any,
    output_places: Any, inputs: Any, classes: Any, values: Any, batches: Any, paces: Any,
    keys: Any, losses: Any, outputs: Any, shared: Any, thread: int, threads: int,
) -> None:  # fmt: skip
    """What one of `threads` threads does in every step; `paces` as `paces_of` gives them,
    keys [steps][dropouts] as `mask_key` does.

    losses [steps] is filled in. Where outputs [batch][numbers] has a row for each sample of the
    batch, that is filled in instead, and nothing is trained.
    """
    m = memory_of(array)
    numbers = numbers_of(rule)
    width = lanes(m)
    own = thread * places.thread_step
    scratch = places.scratch + own
    last = ops[ops.size - 1]
    batch = batches.shape[1]
    blocks = (batch + width - 1) // width
    for step in range(batches.shape[0]):
        samples = batches[step]
        for number in range(blocks * thread // threads, blocks * (thread + 1) // threads):
            first = number * width
            # Without a backward pass nothing of a block is wanted later.
            block = thread if outputs.shape[0] else number
            x = place_of(places, ops[0].x, ops[0].x_kept, block, thread)
            load_block(m, inputs, samples, first, input_places, x, scratch)
            forward(m, ops, cells, places, keys[step], first, block, thread)
            if outputs.shape[0]:
                y = place_of(places, last.y, last.y_kept, block, thread)
                for n in range(min(width, batch - first)):
                    for o in range(output_places.size):
                        outputs[first + n, o] = read(m, y + output_places[o] * width + n)
                continue
            target = places.target + own
            load_target(m, classes, values, samples, first, output_places, target)
            for n in range(width):
                write(m, scratch + n, 1.0 if first + n < batch else 0.0)
            y = last.y + own
            used = load(m, scratch)
            lost = loss_of_block(m, loss, output_places.size, y, target, last.dy + own, used, batch)
            store(m, places.loss + block * places.block_step, lost)
            backward(m, ops, cells, places, keys[step], first, block, thread)
        if outputs.shape[0] or not meet(shared, threads):
            return
        pace = paces[step, 0], paces[step, 1]
        for number in range(ops.size):
            op = ops[number]
            if op.trained and op.kind == DENSE:
                update_dense(m, op, places, numbers, pace, blocks, thread, threads, scratch)
            elif op.trained:
                update_summed(m, op, places, numbers, pace, blocks, thread, threads)
        if thread == 0:
            sum_ = 0.0
            for n in range(batch):
                at = places.loss + n // width * places.block_step + n % width
                sum_ += read(m, at)
            losses[step] = sum_ / (
                batch if loss == SOFTMAX_CROSS_ENTROPY else batch * values.shape[1]
            )
        if not meet(shared, threads):
            return
