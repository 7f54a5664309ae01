"""What stands at the ends of a network: pictures come in, the loss and its gradient go out."""

from __future__ import annotations

import math
from typing import Any

from numba import float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.models.operations import Convolution
from cnnsim.kernels.cuda.models.plan import Plan


def fetch(plan: Plan) -> Any:
    """``fetch(near, pictures, n, e, sample, down, right)``: number `e` of sample `n` of a chunk.

    A picture comes moved by so many pixels, zeros where it leaves off; a negative `sample` is
    nothing but zeros.
    """
    first = plan.operations[0]
    if isinstance(first, Convolution):
        height, width = first.height, first.width
        place, x_sample, x_plane, x_row, x_column = first.x
    else:
        height, width = plan.shape[1:] if len(plan.shape) == 3 else (1, first.features)
        chunk = plan.chunk
        place, x_sample, x_plane, x_row, x_column = (
            first.x, 1, height * width * chunk, width * chunk, chunk,
        )  # fmt: skip
    plane, size = height * width, plan.size

    @device
    def fetch_one(
        near: Any, pictures: Any, n: int, e: int, sample: int, down: int, right: int
    ) -> None:
        c, r, q = e // plane, e % plane // width, e % width
        to = place + n * x_sample + c * x_plane + r * x_row + q * x_column
        r, q = r - down, q - right
        value = float32(0)
        if sample >= 0 and r >= 0 and r < height and q >= 0 and q < width:
            value = ld1(pictures, sample * size + c * plane + r * width + q)
        st1(near, to, value)

    return fetch_one


def head(plan: Plan) -> Any:
    """``head(near, targets, sample, n, scale)``: the loss of sample `n`, dL/dy in place of y.

    `targets` [samples, outputs] are flat; `scale` is what the mean divides by, as a factor. A
    negative `sample` has no loss and no gradient.
    """
    outputs, output, chunk, losses = plan.outputs, plan.output, plan.chunk, plan.losses
    last = plan.operations[-1]
    masks = last.relu and not (isinstance(last, Convolution) and last.pools)

    @device
    def put(near: Any, place: int, gradient: Any) -> None:
        value = gradient
        if masks and not ld1(near, place) > float32(0):
            value = float32(0)
        st1(near, place, value)

    @device
    def nothing(near: Any, n: int) -> None:
        for o in range(outputs):
            st1(near, output + o * chunk + n, float32(0))
        st1(near, losses + n, float32(0))

    def softmax(near: Any, targets: Any, sample: int, n: int, scale: Any) -> None:
        if sample < 0:
            nothing(near, n)
            return
        largest = ld1(near, output + n)
        for o in range(1, outputs):
            largest = max(largest, ld1(near, output + o * chunk + n))
        total = float32(0)
        for o in range(outputs):
            total += math.exp(ld1(near, output + o * chunk + n) - largest)
        level = math.log(total)
        share = float32(1) / total
        loss = float32(0)
        for o in range(outputs):
            place = output + o * chunk + n
            y, t = ld1(near, place) - largest, ld1(targets, sample * outputs + o)
            loss += t * (level - y)
            put(near, place, (math.exp(y) * share - t) * scale)
        st1(near, losses + n, loss)

    def squares(near: Any, targets: Any, sample: int, n: int, scale: Any) -> None:
        if sample < 0:
            nothing(near, n)
            return
        loss = float32(0)
        for o in range(outputs):
            place = output + o * chunk + n
            d = ld1(near, place) - ld1(targets, sample * outputs + o)
            loss += d * d
            put(near, place, (d + d) * scale)
        st1(near, losses + n, loss)

    return device(softmax if plan.cross_entropy else squares)
