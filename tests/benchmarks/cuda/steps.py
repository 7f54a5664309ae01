"""Training steps beside PyTorch's on the same card: forward, backward and Adam."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from tests.benchmarks.cuda import peers
from tests.benchmarks.cuda.ceilings import reached
from tests.benchmarks.cuda.nets import STEPS, data, operations, traffic
from tests.benchmarks.cuda.row import Row, against, seconds
from tests.benchmarks.lanes import Net, drawn, iteration_of

BATCHES = (64, 256, 1024)
#: Compiling takes PyTorch many seconds: it does so for this batch only.
_COMPILED = 256
#: Steps of one call.
_STEPS = 128


def ours(net: Net, batch: int, least: float = 0.5) -> float:
    """Seconds of a step, the median of some calls of many steps."""
    from cnnsim.kernels.cuda.engine import CudaEngine

    iteration = iteration_of(net, {"optimizer": "adam"})
    engine = CudaEngine(iteration)
    engine.load(drawn(iteration.network))
    x, y = data(net)
    order = np.random.default_rng(1).integers(0, len(x), (_STEPS, batch))
    rates = np.full(_STEPS, 1e-3)
    engine.train(x, y, order, rates)
    found: list[float] = []
    ends = perf_counter() + least
    while len(found) < 3 or perf_counter() < ends:
        began = perf_counter()
        engine.train(x, y, order, rates)
        found.append((perf_counter() - began) / _STEPS)
    return sorted(found)[len(found) // 2]


def measure(allowed: float) -> Iterator[Row]:
    """Ours alone first, beside the ceilings; then PyTorch, as long as there is time."""
    ends = perf_counter() + allowed
    moved, counted = reached()
    mine = {}
    for name, net in STEPS.items():
        for batch in BATCHES:
            took = mine[name, batch] = ours(net, batch)
            iteration = iteration_of(net, {"optimizer": "adam"})
            flops, size = operations(iteration, batch) / took, traffic(iteration, batch) / took
            yield Row(
                "steps", f"{name}, batch {batch}", seconds(took),
                f"{flops / 1e12:.2f} TFLOP/s, {size / 1e12:.3f} TB/s",
                f"{flops / counted:.0%} and {size / moved:.0%}",
                "of the measured ceilings; float32 throughout, TF32 never",
            )  # fmt: skip
    if why := peers.why_not():
        yield Row("steps", "PyTorch", "not run", "", "", why)
        return
    cases = [
        (way, is_allowed, name, batch)
        for way in peers.WAYS
        for is_allowed in (True, False)
        for name in STEPS
        for batch in (BATCHES if way != "compile" else (_COMPILED,))
        if way != "compile" or is_allowed
    ]
    for number, (way, is_allowed, name, batch) in enumerate(cases):
        if perf_counter() > ends:
            left = f"{len(cases) - number} of {len(cases)} cases not run"
            yield Row("steps", "PyTorch", left, "", "", "no time was left")
            return
        with peers.tf32(is_allowed):
            x, y = data(STEPS[name])
            took = peers.seconds_of(peers.step_of(STEPS[name], batch, way, x, y))
        yield Row(
            "steps", f"{name}, batch {batch}: PyTorch {way}", seconds(took),
            f"ours {seconds(mine[name, batch])}", against(mine[name, batch], took),
            f"TF32 {'allowed' if is_allowed else 'off'} in PyTorch, off in ours",
        )  # fmt: skip
