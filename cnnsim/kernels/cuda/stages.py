"""What a block of threads does with a few samples at the end of a classifier, one after the other.

Between two layers lie the numbers of all samples of the block, [size][samples], first the values
and on the way back, in their place, the gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.activations import Activation
from cnnsim.kernels.cuda.digits import split
from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1, st4
from cnnsim.kernels.cuda.product import Parts

#: Samples that a block takes at a time: as many as a thread reads at once.
TOGETHER = 4

#: What a block does with the samples from `first` on: ``stage(arena, shared, first)``.
Stage = Callable[[Any, Any, int], None]


class Link(NamedTuple):
    """A dense layer with its activation.

    Attributes:
        units: numbers of a sample that come out.
        w, bias: where [units, features] and [units] lie, the latter where there is one.
        activation: that of the layer, or none.
        y: where what comes out goes [batch, units].
        dz: where the gradient before the activation goes, if anybody wants it.
    """

    units: int
    w: int
    bias: int | None
    activation: Activation
    y: int
    dz: int | None


class Entry(NamedTuple):
    """What comes in.

    Attributes:
        features: numbers of a sample.
        x: where they lie [batch, features].
        activation: what they come from, whose slope their gradient is multiplied by; or none.
        dx: where that goes, if anybody wants it.
        parts: the sums that `x` is still to be made of, if it is.
    """

    features: int
    x: int
    activation: Activation
    dx: int | None
    parts: Parts | None


class Level(NamedTuple):
    """The numbers between two layers.

    Attributes:
        size: of a sample.
        at: where they lie in shared memory [size][samples].
        slope: the activation's that made them.
        gradient: where the gradient before that activation goes, if anybody wants it.
    """

    size: int
    at: int
    slope: Any
    gradient: int | None


def line_of(features: int) -> int:
    """Numbers from one unit's weights to the next's: odd, so that they lie in different banks."""
    return features | 1


def then(first: Stage, second: Stage) -> Stage:
    """One stage after the other."""

    @device
    def both(arena: Any, shared: Any, sample: int) -> None:
        first(arena, shared, sample)
        second(arena, shared, sample)

    return both


@device
def _put4(array: Any, at: int, step: int, count: int, a: Any, b: Any, c: Any, d: Any) -> None:
    """Store the first `count` of four numbers, `step` apart."""
    st1(array, at, a)
    if count > 1:
        st1(array, at + step, b)
    if count > 2:
        st1(array, at + 2 * step, c)
    if count > 3:
        st1(array, at + 3 * step, d)


def clear_stage(sums: int) -> Stage:
    """No loss as yet."""

    @device
    def clear(arena: Any, shared: Any, first: int) -> None:
        if cuda.threadIdx.x < TOGETHER:
            st1(shared, sums + cuda.threadIdx.x, float32(0.0))

    return clear


def bring_stage(link: Link, features: int, place: int, threads: int) -> Stage:
    """A layer's weights come into shared memory."""
    w, line, count = link.w, line_of(features), link.units * features

    @device
    def bring(arena: Any, shared: Any, first: int) -> None:
        for number in range(cuda.threadIdx.x, count, threads):
            unit, feature = split(number, features)
            st1(shared, place + unit * line + feature, ld1(arena, w + number))

    @device
    def bring_four(arena: Any, shared: Any, first: int) -> None:
        for number in range(4 * cuda.threadIdx.x, count, 4 * threads):
            unit, feature = split(number, features)
            at = place + unit * line + feature
            a, b, c, d = ld4(arena, w + number)
            st1(shared, at, a)
            st1(shared, at + 1, b)
            st1(shared, at + 2, c)
            st1(shared, at + 3, d)

    # A block waits for its weights: the fewer loads the better. Rows may begin anywhere.
    return bring if features % 4 else bring_four


def begin_stage(
    entry: Entry, batch: int, target: int, outputs: int, wanted_at: int, threads: int
) -> Stage:
    """What comes in, and what is wanted, come into shared memory; zeros beyond the last sample."""
    features, x, _, _, parts = entry

    @device
    def bring(arena: Any, shared: Any, at: int, size: int, first: int, to: int) -> None:
        for number in range(cuda.threadIdx.x, TOGETHER * size, threads):
            n, place = split(number, size)
            value = float32(0.0)
            if first + n < batch:
                value = ld1(arena, at + first * size + number)
            st1(shared, to + place * TOGETHER + n, value)

    @device
    def begin(arena: Any, shared: Any, first: int) -> None:
        cuda.syncthreads()
        bring(arena, shared, x, features, first, 0)
        bring(arena, shared, target, outputs, first, wanted_at)

    if parts is None:
        return begin
    add = parts.add

    @device
    def add_up(arena: Any, shared: Any, first: int) -> None:
        last = min(first + TOGETHER, batch) * features
        for number in range(first * features + cuda.threadIdx.x, last, threads):
            add(arena, number)

    return then(add_up, begin)


def forward_stage(
    link: Link, below: Level, above: Level, weights: int, batch: int, threads: int
) -> Stage:
    """From one level to the next."""
    units, _, bias, activation, y, _ = link
    features, line, x = below.size, line_of(below.size), below.at
    has_bias, bias_at, to = bias is not None, bias or 0, above.at
    apply = activation.apply

    @device
    def forward(arena: Any, shared: Any, first: int) -> None:
        cuda.syncthreads()
        for unit in range(cuda.threadIdx.x, units, threads):
            start = ld1(arena, bias_at + unit) if has_bias else float32(0.0)
            a = b = c = d = start
            at, place = weights + unit * line, x
            for _ in range(features):
                w, values = ld1(shared, at), ld4(shared, place)
                a += w * values[0]
                b += w * values[1]
                c += w * values[2]
                d += w * values[3]
                at, place = at + 1, place + TOGETHER
            a, b, c, d = apply(a), apply(b), apply(c), apply(d)
            st4(shared, to + TOGETHER * unit, a, b, c, d)
            _put4(arena, y + first * units + unit, units, batch - first, a, b, c, d)

    return forward


def _arrive(level: Level, batch: int) -> Any:
    """What stores the gradient of a number of four samples, before the activation."""
    size, at, slope, gradient = level
    is_wanted, to = gradient is not None, gradient or 0

    @device
    def arrive(
        arena: Any, shared: Any, first: int, number: int, a: Any, b: Any, c: Any, d: Any
    ) -> None:
        place = at + TOGETHER * number
        values = ld4(shared, place)
        a, b = a * slope(values[0]), b * slope(values[1])
        c, d = c * slope(values[2]), d * slope(values[3])
        st4(shared, place, a, b, c, d)
        if is_wanted:
            _put4(arena, to + first * size + number, size, batch - first, a, b, c, d)

    return arrive


def back_stage(below: Level, above: Level, weights: int, batch: int, threads: int) -> Stage:
    """From the gradients of one level to those of the one below."""
    features, units, line, dz = below.size, above.size, line_of(below.size), above.at
    arrive = _arrive(below, batch)

    @device
    def back(arena: Any, shared: Any, first: int) -> None:
        cuda.syncthreads()
        for feature in range(cuda.threadIdx.x, features, threads):
            a = b = c = d = float32(0.0)
            at, place = weights + feature, dz
            for _ in range(units):
                w, values = ld1(shared, at), ld4(shared, place)
                a += w * values[0]
                b += w * values[1]
                c += w * values[2]
                d += w * values[3]
                at, place = at + line, place + TOGETHER
            arrive(arena, shared, first, feature, a, b, c, d)

    return back


def head_stage(
    level: Level, wanted_at: int, exponents_at: int, sums: int, batch: int, threads: int
) -> Stage:
    """Softmax and cross-entropy: the loss of each sample, and its gradient."""
    outputs, x = level.size, level.at
    largest_at, totals = sums + TOGETHER, sums + 2 * TOGETHER
    count = TOGETHER * outputs
    arrive = _arrive(level, batch)

    @device
    def slope(shared: Any, output: int, n: int, samples: Any) -> Any:
        at = TOGETHER * output + n
        share = ld1(shared, exponents_at + at) / ld1(shared, totals + n)
        return (share - ld1(shared, wanted_at + at)) / samples

    @device
    def head(arena: Any, shared: Any, first: int) -> None:
        mine = cuda.threadIdx.x
        least, samples = float32(-math.inf), float32(batch)
        cuda.syncthreads()
        if mine < TOGETHER:
            largest = least
            for output in range(outputs):
                value = ld1(shared, x + TOGETHER * output + mine)
                # NaN over everything.
                if largest == largest and not value <= largest:
                    largest = value
            st1(shared, largest_at + mine, largest)
        cuda.syncthreads()
        for number in range(mine, count, threads):
            away = ld1(shared, x + number) - ld1(shared, largest_at + number % TOGETHER)
            st1(shared, exponents_at + number, math.exp(away))
        cuda.syncthreads()
        if mine < TOGETHER:
            total = float32(0.0)
            for output in range(outputs):
                total += ld1(shared, exponents_at + TOGETHER * output + mine)
            st1(shared, totals + mine, total)
            if first + mine < batch:
                largest, logarithm = ld1(shared, largest_at + mine), math.log(total)
                loss = ld1(shared, sums + mine)
                for output in range(outputs):
                    share = ld1(shared, wanted_at + TOGETHER * output + mine)
                    # What is not wanted does not count: 0 · ∞ would be NaN.
                    if share != float32(0.0):
                        value = ld1(shared, x + TOGETHER * output + mine)
                        loss += share * (logarithm + (largest - value))
                st1(shared, sums + mine, loss)
        cuda.syncthreads()
        for output in range(mine, outputs, threads):
            arrive(
                arena, shared, first, output,
                slope(shared, output, 0, samples), slope(shared, output, 1, samples),
                slope(shared, output, 2, samples), slope(shared, output, 3, samples),
            )  # fmt: skip

    return head
