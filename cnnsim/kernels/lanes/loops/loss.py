"""The losses of a block of samples or of a single one, and their gradients.

Of a block, with L lanes and a sample in each lane, y, target and dy are [features][L]. Lanes
without a sample get the gradient 0, so that nothing downstream counts them. Of a single sample they
are [features].
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.codes import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from cnnsim.kernels.lanes.loops.compiling import kernel
from cnnsim.kernels.lanes.loops.functions import exp, first_of, larger, log
from cnnsim.kernels.lanes.loops.inside import highest, total
from cnnsim.kernels.lanes.loops.vector import (
    lanes,
    load,
    multiply_add,
    spread,
    store,
    where_greater,
)


@kernel
def loss_of_block(
    m: Any, kind: int, features: int, y: int, target: int, dy: int, used: Any, batch: int
) -> Any:
    """Each lane's share of Σ loss, the mean not yet taken; fills dy.

    `used` is a vector with 1 in lanes that hold a sample, else 0; `batch` counts samples.
    """
    width = lanes(m)
    nothing, one = spread(m, 0.0), spread(m, 1.0)
    loss = nothing
    if kind == SOFTMAX_CROSS_ENTROPY:
        largest = load(m, y)
        for o in range(1, features):
            largest = larger(load(m, y + o * width), largest)
        sum_ = nothing
        for o in range(features):
            e = exp(m, load(m, y + o * width) - largest)
            store(m, dy + o * width, e)
            sum_ = sum_ + e
        level = log(m, sum_)
        share = one / sum_
        mean = spread(m, 1.0 / batch)
        for o in range(features):
            at = o * width
            t = load(m, target + at)
            loss = multiply_add(t, level + (largest - load(m, y + at)), loss)
            g = (load(m, dy + at) * share - t) * mean
            store(m, dy + at, where_greater(used, nothing, g, nothing))
        return loss
    mean = spread(m, 1.0 / (batch * features))
    for o in range(features):
        at = o * width
        x, t = load(m, y + at), load(m, target + at)
        if kind == BINARY_CROSS_ENTROPY:
            floor = spread(m, -100.0)
            yes = larger(log(m, x), floor)
            no = larger(log(m, one - x), floor)
            loss = loss - (t * yes + (one - t) * no)
            g = (x - t) / larger(x * (one - x), spread(m, 1e-12)) * mean
        else:
            loss = multiply_add(x - t, x - t, loss)
            g = (x - t) * mean * spread(m, 2.0)
        store(m, dy + at, where_greater(used, nothing, g, nothing))
    return loss


@kernel
def loss_of_one(m: Any, kind: int, features: int, y: int, target: int, dy: int) -> float:
    """The loss of one sample, whose y, target and dy are [features]; fills dy."""
    width = lanes(m)
    nothing, one = spread(m, 0.0), spread(m, 1.0)
    if kind == SOFTMAX_CROSS_ENTROPY:
        lowest = nothing - spread(m, 3.4028235e38)
        largest = lowest
        for o in range(0, features, width):
            largest = larger(first_of(m, features - o, load(m, y + o), lowest), largest)
        peak = spread(m, highest(largest))
        sum_ = nothing
        for o in range(0, features, width):
            e = exp(m, load(m, y + o) - peak)
            e = first_of(m, features - o, e, nothing)
            store(m, dy + o, e)
            sum_ = sum_ + e
        whole = spread(m, total(sum_))
        level, share = log(m, whole), one / whole
        loss = nothing
        for o in range(0, features, width):
            t = first_of(m, features - o, load(m, target + o), nothing)
            term = t * (level + (peak - load(m, y + o)))
            loss = loss + first_of(m, features - o, term, nothing)
            store(m, dy + o, load(m, dy + o) * share - t)
        return float(total(loss))
    loss = nothing
    for o in range(0, features, width):
        x, t = load(m, y + o), load(m, target + o)
        if kind == BINARY_CROSS_ENTROPY:
            floor = spread(m, -100.0)
            yes, no = larger(log(m, x), floor), larger(log(m, one - x), floor)
            term = nothing - (t * yes + (one - t) * no)
            g = (x - t) / larger(x * (one - x), spread(m, 1e-12))
        else:
            term = (x - t) * (x - t)
            g = (x - t) * spread(m, 2.0)
        loss = loss + first_of(m, features - o, term, nothing)
        store(m, dy + o, first_of(m, features - o, g * spread(m, 1.0 / features), nothing))
    return float(total(loss)) / features
