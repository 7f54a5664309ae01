"""The losses of one block of samples, and their gradients.

With L lanes, and a sample in each lane: y, target and dy are [features][L]. Lanes without a sample
get the gradient 0, so that nothing downstream counts them.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from cnnsim.kernels.lanes.functions import OPTIONS, exp, larger, log
from cnnsim.kernels.lanes.vector import lanes, load, multiply_add, spread, store, where_greater

#: The numbers of the losses in a plan.
SOFTMAX_CROSS_ENTROPY, BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR = range(3)


@njit(**OPTIONS)
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
        total = nothing
        for o in range(features):
            e = exp(m, load(m, y + o * width) - largest)
            store(m, dy + o * width, e)
            total = total + e
        level = log(m, total)
        share = one / total
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
