"""Where everything lies in the memory, for a number of blocks and of threads.

    the weights, then as many copies of this region as the optimiser has states;
    for each block of samples: inputs and gradients of dense layers, gradients of kernels and of
    untied biases, losses;
    for each thread: every other tensor, and scratch;
    the tensors of a picture by itself, an element of them a float.

The weights stay where they are when blocks or threads get more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.lanes.chain import Chain, as_laid_out
from cnnsim.kernels.lanes.codes import BIAS, CONVOLUTION, DENSE, DROPOUT, POOL
from cnnsim.kernels.lanes.memory import memory
from cnnsim.kernels.lanes.plan import (
    CELL_WIDTH,
    FIELDS,
    OP,
    Step,
    Tensor,
    back_cells,
    best_shape,
    conv_cells,
    order_rows,
    pool_cells,
    shapes_of,
)

Integers = npt.NDArray[np.int64]

#: Vectors that tiles may read past the end of a tensor.
SLACK = 64
#: Vectors at the start of a thread's scratch, for one tile.
TILE = 32


@dataclass(frozen=True)
class Layout:
    """The plan with places.

    Attributes:
        memory: all numbers, see `memory`.
        ops: a record of OP for each operation.
        cells: the tables, [rows][CELL_WIDTH].
        places: a record of PLACES.
        inputs: the element of x for each number of a sample.
        outputs: the element of y for each number of the output.
        features: the element of x of the first operation that is trained for each number of it.
        blocks, threads: how many there is room for.
    """

    memory: Any
    ops: Any
    cells: Integers
    places: Any
    inputs: Integers
    outputs: Integers
    features: Integers
    blocks: int
    threads: int


#: Where things are that belong to no operation, and how far apart the copies of things are.
PLACES = np.dtype(
    [
        (name, np.int64)
        for name in (
            "block_step",  # floats between what two blocks keep
            "thread_step",  # floats between what two threads use
            "weights",
            "states",  # floats from the weights to each state
            "scratch",
            "target",
            "loss",  # a vector for each block
        )
    ]
)


class Ground:
    """Hands out places, in floats."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.used = 0

    def take(self, vectors: int) -> int:
        """Room for `vectors` vectors, and for reading past them."""
        place = self.used
        self.used += (vectors + SLACK) * self.lanes
        return place

    def floats(self, count: int) -> int:
        """The same for so many floats."""
        return self.take(-(-count // self.lanes))

    def step(self) -> int:
        """Floats between two copies: not a power of two, which would crowd a few cache lines."""
        return self.used + 17 * 16


def panels(rows: int, lanes: int) -> int:
    """Vectors that hold one number of each row of weights."""
    return -(-rows // lanes)


def lay_out(chain: Chain, lanes: int, blocks: int, threads: int, states: int) -> Layout:
    """Give everything a place."""
    steps = chain.steps
    weights, block, thread, picture = (Ground(lanes) for _ in range(4))
    first = chain.first_trained
    inputs = [bordered(step) for step in steps]
    outputs = [*map(_as_read, steps, steps[1:]), steps[-1].y]
    found: list[dict[str, int]] = []
    cells: list[list[int]] = []
    for number, step in enumerate(steps):
        x, y = inputs[number], outputs[number]
        op = _sizes(step, x, y)
        op["trained"], op["back"] = step.trained, number > first
        op["x_kept"] = step.kind == DENSE
        op["x"] = (block if op["x_kept"] else thread).take(x.size)
        op["picture_x"] = picture.floats(x.size)
        op["dy"] = thread.take(y.size)
        op["code"] = thread.take(step.y.size if step.pools or step.kind == POOL else 0)
        if step.parameters:
            op["vectors"] = panels(step.rows, lanes) * (step.taps + 1)
            op["weights"] = weights.take(op["vectors"])
        if step.kind in (CONVOLUTION, BIAS):
            op["grad"] = block.take(op["vectors"])
        if step.kind in (CONVOLUTION, POOL):
            table = pool_cells(step, x, y) if step.kind == POOL else conv_cells(step, x, y)
            op["cells"], op["cell_count"] = len(cells), len(table)
            cells += table
        if step.kind == DROPOUT:
            assert step.order is not None
            op["cells"], op["least"] = len(cells), step.least
            op["mask"] = sum(before.kind == DROPOUT for before in steps[:number])
            cells += order_rows(step.order)
        if step.kind == CONVOLUTION:
            back = _convolution(step, op, lanes)
            op["back_cells"], op["back_count"] = len(cells), len(back)
            cells += back
            op["dz"] = thread.take(op.pop("dz_size"))
            op["turned"] = thread.take(op["turned_line"])
            op["raw"] = thread.take(op["raw_size"] // lanes + step.y.channels)
        elif step.kind == DENSE:
            op["dz"] = thread.take(step.y.size)
            op["turned_line"] = (panels(step.y.channels, lanes) + 2) * lanes
            op["turned"] = block.take(op["turned_line"])
        found.append(op)
    places = np.zeros((), PLACES)
    output, picture_output = thread.take(outputs[-1].size), picture.floats(outputs[-1].size)
    places["scratch"] = thread.take(TILE)
    places["target"] = thread.take(steps[-1].y.size)
    places["loss"] = block.take(1)
    places["weights"], places["states"] = SLACK * lanes, weights.used
    blocks_at = SLACK * lanes + weights.used * (1 + states)
    threads_at = blocks_at + block.step() * blocks
    picture_at = threads_at + thread.step() * threads
    places["block_step"], places["thread_step"] = block.step(), thread.step()
    places["loss"] += blocks_at
    for name in ("scratch", "target"):
        places[name] += threads_at

    ops = np.zeros(len(steps), OP)
    for op in found:
        base = {"weights": SLACK * lanes, "grad": blocks_at, "picture_x": picture_at}
        base |= dict.fromkeys(("dy", "code", "dz", "raw"), threads_at)
        base["x"] = blocks_at if op["x_kept"] else threads_at
        base["turned"] = blocks_at if op["kind"] == DENSE else threads_at
        for name, at in base.items():
            op[name] = op.get(name, 0) + at
    for number, op in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        op["y"] = after["x"] if after else output + threads_at
        op["y_kept"] = after["x_kept"] if after else 0
        op["picture_y"] = after["picture_x"] if after else picture_output + picture_at
        op["dx"] = found[number - 1]["dy"] if number else 0
        for name in FIELDS:
            ops[number][name] = op.get(name, 0)
        ops[number]["slope"] = steps[number].slope
    size = picture_at + picture.used + SLACK * lanes
    return Layout(
        memory(-(-size // lanes) * lanes, lanes),
        ops,
        np.array(cells or [[0] * CELL_WIDTH], np.int64),
        places,
        elements_of(inputs[0], chain.inputs),
        elements_of(outputs[-1], chain.outputs),
        _features(chain, inputs[first]),
        blocks,
        threads,
    )


def bordered(step: Step) -> Tensor:
    """What an operation reads, with the zeros that it wants around it."""
    if step.kind != CONVOLUTION:
        return step.x
    w = step.window
    assert w is not None
    return replace(step.x, top=w.top, left=w.left, bottom=w.bottom, right=w.right)


def _as_read(step: Step, after: Step) -> Tensor:
    """What an operation writes: with the zeros that a convolution after it wants around it."""
    return bordered(after) if after.kind == CONVOLUTION else step.y


def _sizes(step: Step, x: Tensor, y: Tensor) -> dict[str, int]:
    """The sizes of an operation that do not depend on places."""
    return {
        "kind": step.kind,
        "activation": step.activation,
        "has_bias": step.has_bias,
        "pools": step.pools,
        "averages": step.averages,
        "channels": x.channels,
        "maps": y.size if step.kind == DENSE else y.channels,
        "kernel_h": step.window.kernel_h if step.window else 1,
        "kernel_w": step.window.kernel_w if step.window else 1,
        "stride_h": step.window.stride_h if step.window else 1,
        "stride_w": step.window.stride_w if step.window else 1,
        "taps": step.taps,
        "width_in": x.across,
        "size_in": x.size,
        "width_x": x.width,
        "size_x": x.height * x.width * x.channels,
        "height_y": y.height,
        "width_y": y.width,
        "line_y": y.across * y.channels,
        "first_y": y.first,
    }


def _convolution(step: Step, op: dict[str, int], lanes: int) -> list[list[int]]:
    """Fill in what a convolution's gradients need; the table of its input gradient."""
    w = step.window
    assert w is not None
    maps = step.y.channels
    dz = Tensor(w.out_h, w.out_w, maps)
    table: list[list[int]] = []
    if op["back"]:
        up, left = w.kernel_h - 1 - w.top, w.kernel_w - 1 - w.left
        down, right = w.kernel_h - 1 - w.bottom, w.kernel_w - 1 - w.right
        dz = replace(dz, top=up, left=left, bottom=down, right=right)
        table = back_cells(step, dz, step.x)
    rows = w.out_h if op["back"] else 2
    op["width_out"], op["height_out"] = w.out_w, w.out_h
    op["width_dz"], op["first_dz"] = dz.across, dz.first
    op["kept_rows"] = rows
    op["dz_size"] = (rows + dz.top + dz.bottom) * dz.across * maps

    op["shape"], op["mixed"] = best_shape(step, lanes)
    r, s, v = shapes_of(lanes)[op["shape"]]
    op["tile_rows"], op["tile_taps"], op["tile_vectors"], op["tile_size"] = r, s, v, r * s * v
    x_line = step.x.channels * (1 if op["mixed"] else w.kernel_w)
    wide = maps * (w.kernel_w if op["mixed"] else 1)
    tiles = -(-w.kernel_h // r) * -(-x_line // s) * -(-wide // (v * lanes))
    op["raw_size"] = tiles * r * s * v * lanes
    op["lead"] = (w.kernel_w - 1) * maps if op["mixed"] else 0
    # Rows not a power of two apart, with room for zeros at both ends.
    size = 2 * op["lead"] + w.out_w * maps + (v + 2) * lanes
    op["turned_line"] = -(-size // 64) * 64 + 16
    return table


def _features(chain: Chain, x: Tensor) -> Integers:
    step = chain.steps[chain.first_trained]
    if step.order is None:
        return elements_of(x, as_laid_out((x.channels, x.height, x.width)))
    return elements_of(x, step.order)


def elements_of(tensor: Tensor, order: Integers) -> Integers:
    """Where each number of the network's lies in a tensor with a border."""
    row, column, channel = np.unravel_index(
        np.arange(order.size), (tensor.height, tensor.width, tensor.channels)
    )
    found = np.empty(order.size, np.int64)
    found[order] = tensor.first + (row * tensor.across + column) * tensor.channels + channel
    return found
