"""Training steps beside PyTorch's on the same card: forward, backward and Adam."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import perf_counter

import numpy as np

from tests.benchmarks.cuda import peers
from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.ceilings import reached
from tests.benchmarks.cuda.nets import STEPS, data, operations, traffic
from tests.benchmarks.cuda.row import Row, against, seconds
from tests.benchmarks.lanes import Net, drawn, iteration_of

BATCHES = (64, 256, 1024)
#: The batch for which PyTorch compiles, and the seconds that this may take though much is kept.
COMPILED, _COMPILING = 256, 30.0
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
    nets = [(name, batch) for name in STEPS for batch in BATCHES]
    ceilings: list[float] = []
    mine: dict[tuple[str, int], float] = {}

    def card() -> Iterator[Row]:
        ceilings[:] = reached()
        yield from ()

    def own(name: str, batch: int) -> Iterator[Row]:
        took = mine[name, batch] = ours(STEPS[name], batch)
        iteration = iteration_of(STEPS[name], {"optimizer": "adam"})
        flops, size = operations(iteration, batch) / took, traffic(iteration, batch) / took
        share = ""
        if ceilings:
            moved, counted = ceilings
            share = f"{flops / counted:.0%} and {size / moved:.0%}"
        yield Row(
            "steps", f"{name}, batch {batch}", seconds(took),
            f"{flops / 1e12:.2f} TFLOP/s, {size / 1e12:.3f} TB/s", share,
            "of the measured ceilings; float32 throughout, TF32 never",
        )  # fmt: skip

    def theirs(way: str, is_allowed: bool, name: str, batch: int) -> Iterator[Row]:
        with peers.tf32(is_allowed):
            took, layout = peers.best_of(STEPS[name], batch, way, *data(STEPS[name]))
        known = mine.get((name, batch))
        yield Row(
            "steps", f"{name}, batch {batch}: PyTorch {way}", seconds(took),
            f"ours {seconds(known)}" if known else "", against(known, took) if known else "",
            f"TF32 {'allowed' if is_allowed else 'off'} in PyTorch, off in ours; {layout}",
        )  # fmt: skip

    cases = [Case("the ceilings", card)]
    cases += [Case(f"{name}, batch {batch}", partial(own, name, batch)) for name, batch in nets]
    if why := peers.why_not():
        cases.append(Case("PyTorch", lambda: [Row("steps", "PyTorch", "not run", "", "", why)]))
    else:
        cases += [
            Case(
                f"{name}, batch {batch}: PyTorch {way}",
                partial(theirs, way, is_allowed, name, batch),
                _COMPILING if way == "compile" else 0.0,
            )
            for way in peers.WAYS
            for is_allowed in (True, False)
            for name, batch in nets
            # Compiling takes many seconds.
            if way == "graph" or (is_allowed and (way == "eager" or batch == COMPILED))
        ]
    yield from measured("steps", allowed, cases)
