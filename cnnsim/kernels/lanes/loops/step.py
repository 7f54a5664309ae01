"""Training steps: what every thread runs, from the first batch of a run to the last.

A step has two halves. In the first each thread takes some blocks of the batch, as many samples as a
vector has lanes, through forward, loss and backward. In the second each thread takes some of the
weights, sums their gradients over all blocks in their order, and updates them. So the numbers do
not depend on who does what.
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.jit import native
from cnnsim.kernels.lanes.codes import DENSE, SOFTMAX_CROSS_ENTROPY
from cnnsim.kernels.lanes.loops.barrier import meet
from cnnsim.kernels.lanes.loops.block import place_of
from cnnsim.kernels.lanes.loops.calling import call_at
from cnnsim.kernels.lanes.loops.compiling import inlined
from cnnsim.kernels.lanes.loops.tile import keep, outer, taps_of_shape, vectors_of_shape, zero_shape
from cnnsim.kernels.lanes.loops.update import numbers_of, update
from cnnsim.kernels.lanes.loops.vector import lanes, load, memory_of, read, spread

#: The shape of `shapes_of` for the gradient of a dense layer.
_ROW = 1


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


@native
def run_steps(
    array: Any, ops: Any, cells: Any, places: Any, rule: Any, loss: int, input_places: Any,
    output_places: Any, inputs: Any, classes: Any, values: Any, batches: Any, paces: Any,
    keys: Any, losses: Any, outputs: Any, shared: Any, forward: int, backward: int, thread: int,
    threads: int,
) -> None:  # fmt: skip
    """What one of `threads` threads does in every step; `paces` as `paces_of` gives them,
    keys [steps][dropouts] as `mask_key` does. `forward` and `backward` are where `forward_block`
    and `backward_block` begin.

    losses [steps] is filled in. Where outputs [batch][numbers] has a row for each sample of the
    batch, that is filled in instead, and nothing is trained.
    """
    m = memory_of(array)
    numbers = numbers_of(rule)
    width = lanes(m)
    scratch = places.scratch + thread * places.thread_step
    last = ops[ops.size - 1]
    batch = batches.shape[1]
    blocks = (batch + width - 1) // width
    for step in range(batches.shape[0]):
        for number in range(blocks * thread // threads, blocks * (thread + 1) // threads):
            # Without a backward pass nothing of a block is wanted later.
            block = thread if outputs.shape[0] else number
            there = (
                array, ops, cells, places, input_places, inputs, batches, keys, step, number, block,
                thread,
            )  # fmt: skip
            if call_at(forward, there) != 0:
                raise RuntimeError("forward failed")
            if not outputs.shape[0]:
                back = (
                    array, ops, cells, places, loss, output_places, classes, values, batches, keys,
                    step, number, thread,
                )  # fmt: skip
                if call_at(backward, back) != 0:
                    raise RuntimeError("backward failed")
                continue
            y = place_of(places, last.y, last.y_kept, block, thread)
            for n in range(min(width, batch - number * width)):
                for o in range(output_places.size):
                    outputs[number * width + n, o] = read(m, y + output_places[o] * width + n)
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
