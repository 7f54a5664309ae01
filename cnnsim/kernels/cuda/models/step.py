"""The kernels: many updates of every model, a test of every model, and a copy of the best ones.

A block is a model. It takes the samples of a batch through the network in chunks, forward and
backward, sums their gradients in a fixed order, and updates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int8

from cnnsim.kernels.cuda.halves import halved
from cnnsim.kernels.cuda.jit import Kernel, device
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.kernels.cuda.models import convolution, dense, gradient
from cnnsim.kernels.cuda.models.head import fetch, head
from cnnsim.kernels.cuda.models.operations import Convolution
from cnnsim.kernels.cuda.models.plan import Plan
from cnnsim.kernels.cuda.models.update import update


def training_kernel(plan: Plan, rule: Any, models: int) -> Kernel:
    """The kernel that trains: its function says with what.

    Every batch of a launch begins with its first sample; `sizes` says how many it has.
    """
    forward = _forward(plan)
    backward = _backward(plan)
    loss = head(plan)
    bring = fetch(plan)
    change = update(plan, rule)
    begin, end = _come_and_go(plan)
    size, chunk, model_floats, threads = plan.size, plan.chunk, plan.model, plan.threads
    items = size * chunk
    losses_at = plan.losses
    share = np.float32(1 if plan.cross_entropy else 1 / plan.outputs)

    def train_models(
        arena: Any,  # floats [models · plan.model]
        pictures: Any,  # floats, flat
        targets: Any,  # floats, flat [samples · outputs]
        batches: Any,  # int32 [models, updates, batch]
        moves: Any,  # int16 [models, samples or none, 2]
        paces: Any,  # floats [models, updates, 2]
        sizes: Any,  # int32 [updates]
        active: Any,  # int8 [models]
        losses: Any,  # floats [models, updates], filled
    ) -> None:
        model = cuda.blockIdx.x
        if active[model] == 0:
            return
        near = cuda.shared.array(0, float32, alignment=16)
        codes = cuda.shared.array(0, int8)
        base = model * model_floats
        begin(near, arena, base)
        for number in range(sizes.shape[0]):
            count = sizes[number]
            scale = share / float32(count)
            total = float32(0)
            for first in range(0, count, chunk):
                cuda.syncthreads()
                for item in range(cuda.threadIdx.x, items, threads):
                    n = item // size
                    sample, down, right = -1, 0, 0
                    if first + n < count:
                        sample = batches[model, number, first + n]
                        if moves.shape[1] > 0:
                            down, right = moves[model, sample, 0], moves[model, sample, 1]
                    bring(near, pictures, n, item - n * size, sample, down, right)
                cuda.syncthreads()
                forward(near, codes, arena, base)
                cuda.syncthreads()
                if cuda.threadIdx.x < chunk:
                    sample = -1
                    if first + cuda.threadIdx.x < count:
                        sample = batches[model, number, first + cuda.threadIdx.x]
                    loss(near, targets, sample, cuda.threadIdx.x, scale)
                cuda.syncthreads()
                for n in range(chunk):
                    total += ld1(near, losses_at + n)
                backward(near, codes, arena, base, first == 0)
            cuda.syncthreads()
            change(near, arena, base, paces[model, number, 0], paces[model, number, 1])
            if cuda.threadIdx.x == 0:
                losses[model, number] = total * scale
        cuda.syncthreads()
        end(near, arena, base)

    return Kernel(train_models, models, plan.threads, plan.shared, name="many models")


def answering_kernel(plan: Plan, models: int) -> Kernel:
    """The kernel that tests: its function says with what."""
    forward = _forward(plan)
    loss = head(plan)
    bring = fetch(plan)
    begin, _ = _come_and_go(plan)
    size, chunk, model_floats, threads = plan.size, plan.chunk, plan.model, plan.threads
    items = size * chunk
    outputs, output, losses_at = plan.outputs, plan.output, plan.losses
    share = np.float32(1 if plan.cross_entropy else 1 / plan.outputs)

    def test_models(
        arena: Any,  # floats [models · plan.model]
        pictures: Any,  # floats, flat
        targets: Any,  # floats, flat [samples · outputs]
        active: Any,  # int8 [models]
        answers: Any,  # floats [models, samples, outputs], filled
        losses: Any,  # floats [models, samples], filled
    ) -> None:
        model = cuda.blockIdx.x
        if active[model] == 0:
            return
        near = cuda.shared.array(0, float32, alignment=16)
        codes = cuda.shared.array(0, int8)
        base = model * model_floats
        begin(near, arena, base)
        count = answers.shape[1]
        for first in range(0, count, chunk):
            cuda.syncthreads()
            for item in range(cuda.threadIdx.x, items, threads):
                n = item // size
                sample = first + n if first + n < count else -1
                bring(near, pictures, n, item - n * size, sample, 0, 0)
            cuda.syncthreads()
            forward(near, codes, arena, base)
            cuda.syncthreads()
            for item in range(cuda.threadIdx.x, outputs * chunk, threads):
                n = item % chunk
                if first + n < count:
                    answers[model, first + n, item // chunk] = ld1(near, output + item)
            cuda.syncthreads()
            n = cuda.threadIdx.x
            if n < chunk and first + n < count:
                loss(near, targets, first + n, n, share)
                losses[model, first + n] = ld1(near, losses_at + n) * share

    return Kernel(test_models, models, plan.threads, plan.shared, name="tests of many models")


def keeping_kernel(plan: Plan, models: int) -> Kernel:
    """The kernel that copies models from one arena into another."""
    model_floats, threads = plan.model, plan.threads

    def keep_models(arena: Any, kept: Any, chosen: Any) -> None:
        model = cuda.blockIdx.x
        if chosen[model] == 0:
            return
        base = model * model_floats
        for i in range(cuda.threadIdx.x, model_floats, threads):
            st1(kept, base + i, ld1(arena, base + i))

    return Kernel(keep_models, models, plan.threads, name="copies of many models")


def _come_and_go(plan: Plan) -> tuple[Any, Any]:
    """``begin(near, arena, base)`` and ``end``: shared memory from the arena, and back."""
    floats, first, last, threads = plan.floats, plan.near_trained, plan.near, plan.threads

    @device
    def begin(near: Any, arena: Any, base: int) -> None:
        # Borders stay zero from here on.
        for i in range(cuda.threadIdx.x, floats, threads):
            st1(near, i, ld1(arena, base + i) if i < last else float32(0))

    @device
    def end(near: Any, arena: Any, base: int) -> None:
        for i in range(first + cuda.threadIdx.x, last, threads):
            st1(arena, base + i, ld1(near, i))

    return begin, end


def _forward(plan: Plan) -> Any:
    """All operations, one after the other."""
    return halved(
        [
            convolution.forward(op, plan)
            if isinstance(op, Convolution)
            else dense.forward(op, plan)
            for op in plan.operations
        ],
        _forward_both,
    )


def _forward_both(first: Any, second: Any) -> Any:
    """One after the other, the block's threads together."""

    @device
    def run(near: Any, codes: Any, arena: Any, base: int) -> None:
        first(near, codes, arena, base)
        cuda.syncthreads()
        second(near, codes, arena, base)

    return run


def _backward(plan: Plan) -> Any:
    """The gradients of all operations down to the first one that is trained."""
    return halved(
        [
            gradient.backward(op, plan) if isinstance(op, Convolution) else dense.backward(op, plan)
            for op in reversed(plan.operations[plan.first :])
        ],
        _back_both,
    )


def _back_both(first: Any, second: Any) -> Any:
    """Likewise, where a gradient may be fresh."""

    @device
    def run(near: Any, codes: Any, arena: Any, base: int, fresh: bool) -> None:
        first(near, codes, arena, base, fresh)
        cuda.syncthreads()
        second(near, codes, arena, base, fresh)

    return run
