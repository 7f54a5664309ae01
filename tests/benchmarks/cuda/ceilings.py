"""What the card can do at most: bytes and multiply-adds a second, measured and by its clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from numba import cuda, float32

from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.row import Row

#: Floats of the array that is copied: more than any cache holds.
_FLOATS = 1 << 28
#: Multiply-adds of a thread, in independent chains; so many of each between two turns of the loop,
#: whose own instructions would take a quarter of the time.
_CHAINS, _ROUNDS, _THREADS = 16, 4096, 256
#: Lanes of float32 in a multiprocessor, by compute capability, and those of all others.
_LANES, _MOST_LANES = {(7, 0): 64, (7, 2): 64, (7, 5): 64, (8, 0): 64}, 128


def best(launch: Callable[[], None], times: int = 5) -> float:
    """The shortest of some runs, in seconds."""
    launch()
    cuda.synchronize()
    found = []
    for _ in range(times):
        began = perf_counter()
        launch()
        cuda.synchronize()
        found.append(perf_counter() - began)
    return min(found)


def reached() -> tuple[float, float]:
    """(bytes, additions and multiplications) a second, of kernels that do nothing else."""
    from cnnsim.kernels.cuda.jit import Kernel, device
    from cnnsim.kernels.cuda.loads import ld4, st4

    def copy(source: Any, target: Any) -> None:
        quads = source.size // 4
        for quad in range(cuda.grid(1), quads, cuda.gridsize(1)):
            a, b, c, d = ld4(source, 4 * quad)
            st4(target, 4 * quad, a, b, c, d)

    chains, rounds = _CHAINS, _ROUNDS

    @device
    def turn(acc: Any, factor: Any, step: Any) -> None:
        for k in range(chains):
            acc[k] = acc[k] * factor + step

    def multiply(target: Any) -> None:
        acc = cuda.local.array(chains, float32)
        for k in range(chains):
            acc[k] = float32(k + cuda.threadIdx.x)
        factor, step = target[0], target[1]
        for _ in range(rounds // 8):
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
            turn(acc, factor, step)
        total = float32(0)
        for k in range(chains):
            total += acc[k]
        # Never true, which the compiler does not know.
        if total == float32(-1.0):
            target[2] = total

    blocks = 32 * cuda.get_current_device().MULTIPROCESSOR_COUNT
    source = cuda.to_device(np.zeros(_FLOATS, np.float32))
    target = cuda.device_array(_FLOATS, np.float32)
    copying = Kernel(copy, blocks, _THREADS, keeps=False, name="copy")
    took = best(lambda: copying.launch(0, source, target))
    multiplying = Kernel(multiply, blocks, _THREADS, keeps=False, name="multiply")
    spent = best(lambda: multiplying.launch(0, source))
    return 8 * _FLOATS / took, 2.0 * blocks * _THREADS * chains * rounds / spent


def measure(allowed: float) -> Iterator[Row]:
    """Both ceilings, beside those that the card's clocks promise."""

    def case() -> Iterator[Row]:
        gpu = cuda.get_current_device()
        moved, counted = reached()
        # Two transfers a clock; two operations of each lane.
        wide = 2e3 * gpu.MEMORY_CLOCK_RATE * gpu.GLOBAL_MEMORY_BUS_WIDTH / 8
        lanes = _LANES.get(tuple(gpu.compute_capability)[:2], _MOST_LANES)
        fast = 2e3 * gpu.CLOCK_RATE * gpu.MULTIPROCESSOR_COUNT * lanes
        for what, found, sheet, unit in (
            ("copy, read and written", moved, wide, "TB/s"),
            ("float32 multiply-adds", counted, fast, "TFLOP/s"),
        ):
            beside = f"{sheet / 1e12:.2f} {unit} by its clocks" if sheet else ""
            share = f"{found / sheet:.0%}" if sheet else ""
            yield Row("ceilings", what, f"{found / 1e12:.2f} {unit}", beside, share)

    yield from measured("ceilings", allowed, [Case("both", case)])
