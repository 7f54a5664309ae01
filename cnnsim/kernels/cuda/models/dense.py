"""A dense layer on a chunk of samples, and its gradients; samples lie side by side.

Weights are in shared memory (`near`) or, where they do not fit, in the arena in global memory.
Gradients take the places of the values that they belong to.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, float32

from cnnsim.kernels.cuda.jit import device
from cnnsim.kernels.cuda.loads import ld1, ld4, st1
from cnnsim.kernels.cuda.models.operations import Dense
from cnnsim.kernels.cuda.models.plan import Plan

#: Features whose weights' gradients a thread forms one after the other.
_RUN = 8


def _reading(chunk: int) -> tuple[Any, Any]:
    """``add(acc, near, place, k)``, acc[n] += near[place + n] · k, and the sum of two rows."""
    quads = chunk // 4

    @device
    def add(acc: Any, near: Any, place: int, k: Any) -> None:
        for q in range(quads):
            n = 4 * q
            a, b, c, d = ld4(near, place + n)
            acc[n] += a * k
            acc[n + 1] += b * k
            acc[n + 2] += c * k
            acc[n + 3] += d * k

    @device
    def dot(acc: Any, near: Any, place: int) -> Any:
        total = float32(0)
        for q in range(quads):
            n = 4 * q
            a, b, c, d = ld4(near, place + n)
            total += acc[n] * a
            total += acc[n + 1] * b
            total += acc[n + 2] * c
            total += acc[n + 3] * d
        return total

    return add, dot


def forward(op: Dense, plan: Plan) -> Any:
    """``forward(near, codes, arena, base)``: fills y."""
    add, _ = _reading(plan.chunk)
    chunk, threads, scratch = plan.chunk, plan.threads, plan.scratch
    parts, units, features, line = op.parts, op.units, op.features, op.line
    each = -(-features // parts)
    items = units * parts
    x0, y0, weights, biases = op.x, op.y, op.weights, op.weights + op.biases
    is_near, has_bias, relu = op.near, op.has_bias, op.relu

    @device
    def weight(near: Any, arena: Any, base: int, place: int) -> Any:
        return ld1(near, place) if is_near else ld1(arena, base + place)

    @device
    def dense_forward(near: Any, codes: Any, arena: Any, base: int) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            u, part = item % units, item // units
            acc = cuda.local.array(chunk, float32)
            for n in range(chunk):
                acc[n] = float32(0)
            for k in range(part * each, min(features, part * each + each)):
                add(acc, near, x0 + k * chunk, weight(near, arena, base, weights + k * line + u))
            for n in range(chunk):
                st1(near, scratch + item * chunk + n, acc[n])
        cuda.syncthreads()
        for item in range(cuda.threadIdx.x, units * chunk, threads):
            total = float32(0)
            if has_bias:
                total = weight(near, arena, base, biases + item // chunk)
            for part in range(parts):
                total += ld1(near, scratch + part * units * chunk + item)
            # NaN stays NaN: a maximum would lose it.
            st1(near, y0 + item, float32(0) if relu and total <= float32(0) else total)

    return dense_forward


def backward(op: Dense, plan: Plan) -> Any:
    """``backward(near, codes, arena, base, fresh)``: gradients of weights, then of x over x."""
    weight_grad = _weight_grad(op, plan)
    input_grad = _input_grad(op, plan)
    is_trained, goes_back = op.trained, op.back

    @device
    def dense_backward(near: Any, codes: Any, arena: Any, base: int, fresh: bool) -> None:
        if is_trained:
            weight_grad(near, arena, base, fresh)
        if goes_back:
            cuda.syncthreads()
            input_grad(near, arena, base)

    return dense_backward


def _weight_grad(op: Dense, plan: Plan) -> Any:
    """Add the chunk's products to the gradients of weights and biases."""
    _, dot = _reading(plan.chunk)
    chunk, threads, run = plan.chunk, plan.threads, _RUN
    units, features, line = op.units, op.features, op.line
    items = units * -(-features // run)
    x0, y0, gradients = op.x, op.y, op.gradients
    biases = op.gradients + op.biases
    is_near, has_bias = op.near, op.has_bias

    @device
    def put(near: Any, arena: Any, base: int, place: int, value: Any, fresh: bool) -> None:
        if is_near:
            st1(near, place, value if fresh else value + ld1(near, place))
        else:
            st1(arena, base + place, value if fresh else value + ld1(arena, base + place))

    @device
    def weight_grad(near: Any, arena: Any, base: int, fresh: bool) -> None:
        for item in range(cuda.threadIdx.x, items, threads):
            u, first = item % units, item // units * run
            dy = cuda.local.array(chunk, float32)
            for n in range(chunk):
                dy[n] = ld1(near, y0 + u * chunk + n)
            if has_bias and first == 0:
                total = float32(0)
                for n in range(chunk):
                    total += dy[n]
                put(near, arena, base, biases + u, total, fresh)
            for k in range(first, min(first + run, features)):
                value = dot(dy, near, x0 + k * chunk)
                put(near, arena, base, gradients + k * line + u, value, fresh)

    return weight_grad


def _input_grad(op: Dense, plan: Plan) -> Any:
    """Put dL/dx in the place of x."""
    add, _ = _reading(plan.chunk)
    chunk, threads = plan.chunk, plan.threads
    units, features, line = op.units, op.features, op.line
    quads = units // 4
    x0, y0, weights = op.x, op.y, op.weights
    masks = op.masks

    def near_row(acc: Any, near: Any, arena: Any, base: int, k: int) -> None:
        for u in range(units):
            add(acc, near, y0 + u * chunk, ld1(near, weights + k * line + u))

    def far_row(acc: Any, near: Any, arena: Any, base: int, k: int) -> None:
        w = base + weights + k * line
        for q in range(quads):
            u = 4 * q
            k0, k1, k2, k3 = ld4(arena, w + u)
            add(acc, near, y0 + u * chunk, k0)
            add(acc, near, y0 + (u + 1) * chunk, k1)
            add(acc, near, y0 + (u + 2) * chunk, k2)
            add(acc, near, y0 + (u + 3) * chunk, k3)
        for u in range(4 * quads, units):
            add(acc, near, y0 + u * chunk, ld1(arena, w + u))

    row = device(near_row if op.near else far_row)

    @device
    def input_grad(near: Any, arena: Any, base: int) -> None:
        for k in range(cuda.threadIdx.x, features, threads):
            acc = cuda.local.array(chunk, float32)
            for n in range(chunk):
                acc[n] = float32(0)
            row(acc, near, arena, base, k)
            for n in range(chunk):
                place = x0 + k * chunk + n
                value = acc[n]
                if masks and not ld1(near, place) > float32(0):
                    value = float32(0)
                st1(near, place, value)

    return input_grad
