"""What this machine reaches, kernel by kernel, beside its ceiling.

The ceiling is a loop that multiplies and adds in registers and does nothing else. Machines are
shared and their clocks vary: the best of many short runs counts, for others only ever take time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np

from cnnsim.amounts import counted
from cnnsim.kernels.fill import Progress, Report, silent
from cnnsim.kernels.folding import Folder
from cnnsim.kernels.general import needed
from cnnsim.kernels.lanes.chain import chain_of
from cnnsim.kernels.lanes.codes import CONVOLUTION, DENSE
from cnnsim.kernels.lanes.cpu import host_lanes
from cnnsim.kernels.lanes.engine import LanesEngine
from cnnsim.kernels.lanes.layout import Layout, lay_out
from cnnsim.kernels.lanes.loops import repeated
from cnnsim.kernels.lanes.memory import memory
from cnnsim.kernels.lanes.rule import rule_of
from cnnsim.kernels.listening import told
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import LOSS

#: Seconds that each number is measured for.
_SECONDS = 0.15
#: Side of the matrices that NumPy multiplies.
_SIDE = 1024
#: Samples that steps take from.
_SAMPLES = 256
#: The kernels of a convolution and of a dense layer, and of which sweep they do the products.
_OF_CONVOLUTION = (
    ("conv forward", "forward", repeated.CONVOLUTION_FORWARD),
    ("conv input gradient", "input_grad", repeated.CONVOLUTION_INPUT),
    ("conv kernel gradient", "kernel_grad", repeated.CONVOLUTION_KERNEL),
)
_OF_DENSE = (
    ("dense forward", "forward", repeated.DENSE_FORWARD),
    ("dense input gradient", "input_grad", repeated.DENSE_INPUT),
    ("dense weight gradient", "kernel_grad", repeated.DENSE_WEIGHT),
)


@dataclass(frozen=True)
class Measured:
    """One line of the result.

    Attributes:
        what: ``kernel``, or ``step`` for a whole training step.
        name: of the kernel, or of the engine.
        of: the layer, network or size that it worked on.
        threads: how many worked.
        gflops: 10⁹ multiplications and additions a second; only products that the network asks for
            are counted.
        share: of the ceiling with as many threads, 0 to 1.
        milliseconds: of one run; for a step of the whole batch.
        images_per_second: of a step; None for a kernel.
    """

    what: str
    name: str
    of: str
    threads: int
    gflops: float
    share: float
    milliseconds: float
    images_per_second: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON object; a kernel's has no images."""
        found = {key: value for key, value in asdict(self).items() if value is not None}
        return {"kind": "benchmark", **found}


def measurements(
    nets: Mapping[str, Iteration], threads: int, report: Report = silent
) -> Iterator[Measured]:
    """Measure the ceiling, NumPy's product, and every kernel and step of `nets`.

    Args:
        nets: networks that the lanes train, by name; each with its optimiser.
        threads: how many at most.
        report: hears what is being measured, or compiled.
    """
    counts = sorted({1, threads})
    with told(report):
        ceilings = {}
        for count in counts:
            report(Progress("measuring", f"the ceiling on {counted(count, 'thread')}", 0.0))
            seconds, flops = _ceiling(count)
            ceilings[count] = flops / seconds
            yield _line("kernel", "multiply-add in registers", "", count, flops, seconds, ceilings)
        report(Progress("measuring", "NumPy's sgemm", 0.0))
        square = np.ones((_SIDE, _SIDE), np.float32)
        out = np.empty_like(square)
        seconds = _best(lambda: np.matmul(square, square, out=out))
        size = f"{_SIDE}x{_SIDE}x{_SIDE}"
        yield _line("kernel", "NumPy sgemm", size, threads, 2 * _SIDE**3, seconds, ceilings)
        for name, iteration in nets.items():
            yield from _kernels(name, iteration, ceilings, report)
        name, iteration = list(nets.items())[-1]
        yield _general(name, iteration, ceilings, report)
        for name, iteration in nets.items():
            for count in counts:
                report(Progress("measuring", f"steps of {name} on {counted(count, 'thread')}", 0.0))
                yield _step(name, iteration, count, ceilings)


def _line(
    what: str, name: str, of: str, threads: int, flops: float, seconds: float,
    ceilings: Mapping[int, float], batch: int | None = None,
) -> Measured:  # fmt: skip
    speed = flops / seconds
    images = None if batch is None else batch / seconds
    share = speed / ceilings[threads]
    return Measured(what, name, of, threads, speed / 1e9, share, 1e3 * seconds, images)


def _best(work: Callable[[], Any]) -> float:
    """Seconds of the fastest of many runs, the first one, which may compile, left out."""
    work()
    found: list[float] = []
    ends = perf_counter() + _SECONDS
    while len(found) < 3 or perf_counter() < ends:
        begun = perf_counter()
        work()
        found.append(perf_counter() - begun)
    return min(found)


def _ceiling(threads: int) -> tuple[float, float]:
    """Seconds and operations of the loop in registers."""
    lanes, rounds = host_lanes(), 200_000
    apart = 64 * lanes
    array = memory(threads * apart, lanes)
    repeated.multiply_add_only(array, 1, 0)
    with ThreadPoolExecutor(threads) as pool:

        def work() -> None:
            places = range(0, threads * apart, apart)
            list(pool.map(lambda at: repeated.multiply_add_only(array, rounds, at), places))

        return _best(work), 2.0 * threads * rounds * repeated.TILES[lanes] * lanes


def _products(iteration: Iteration) -> dict[str, int]:
    """For each layer the multiply-adds of one sample, forward; each gradient has as many."""
    network = iteration.resized(1, True).network
    return {sweep.layer: sweep.steps for sweep in network.sweeps if sweep.counts_macs}


def _kernels(
    name: str, iteration: Iteration, ceilings: Mapping[int, float], report: Report
) -> Iterator[Measured]:
    """Every kernel of every layer of a network, by one thread."""
    assert iteration.optimizer is not None
    lanes, chain = host_lanes(), chain_of(iteration)
    batch = getattr(iteration.optimizer, "batch", lanes)
    blocks = -(-batch // lanes)
    layout: Layout = lay_out(chain, lanes, blocks, 1, len(iteration.optimizer.states))
    rule = rule_of(iteration.optimizer)
    rule["states"] = layout.places["states"]
    pace = np.zeros(2, np.float32)
    products = _products(iteration)
    for number, step in enumerate(chain.steps):
        if step.kind not in (CONVOLUTION, DENSE):
            continue
        op = layout.ops[number]
        for title, sweep, which in _OF_CONVOLUTION if step.kind == CONVOLUTION else _OF_DENSE:
            is_wanted = {"forward": True, "input_grad": op["back"], "kernel_grad": step.trained}
            if not is_wanted[sweep]:
                continue
            report(Progress("measuring", f"{title} of {name}.{step.layer}", 0.0))
            samples = blocks * lanes if which == repeated.DENSE_WEIGHT else lanes
            flops = 2.0 * products[step.layer] * samples
            times = max(1, int(2e7 / flops))

            def work(op: Any = op, which: int = which, times: int = times) -> None:
                repeated.repeat(
                    layout.memory, op, layout.cells, layout.places[()], rule[()], pace, blocks,
                    which, times,
                )  # fmt: skip

            seconds = _best(work) / times
            of = f"{name}.{step.layer}"
            yield _line("kernel", title, of, 1, flops, seconds, ceilings)


def _general(
    name: str, iteration: Iteration, ceilings: Mapping[int, float], report: Report
) -> Measured:
    """The general kernel, in float64, on the largest convolution of a network."""
    batch = 32
    network = iteration.resized(batch, True).network
    sweep = max((s for s in network.sweeps if s.counts_macs), key=lambda s: s.steps)
    report(Progress("measuring", f"the general kernel of {name}.{sweep.layer}", 0.0))
    tensors = {n: _samples_last(network.shapes[n], batch) for n in (*sweep.tensors, sweep.writes)}
    folder = Folder(sweep, tensors, tensors[sweep.writes])

    def work() -> None:
        folder.prepare()
        folder(0, folder.units)

    of = f"{name}.{sweep.layer}"
    return _line("kernel", "general, float64", of, 1, 2.0 * sweep.steps, _best(work), ceilings)


def _samples_last(shape: tuple[int, ...], batch: int) -> Any:
    """Zeros as the general engine lays them out."""
    if len(shape) > 1 and shape[0] == batch:
        return np.moveaxis(np.zeros((*shape[1:], batch), np.float32), -1, 0)
    return np.zeros(shape, np.float32)


def _step(name: str, iteration: Iteration, threads: int, ceilings: Mapping[int, float]) -> Measured:
    """Whole training steps: forward, loss, backward, update."""
    network = iteration.network
    batch = getattr(iteration.optimizer, "batch", 1)
    engine = LanesEngine(iteration, threads)
    engine.load({n: p.draw(network.seed, n) for n, p in network.parameters.items()})
    rng = np.random.default_rng(0)
    x = rng.random((_SAMPLES, *network.input_shape), dtype=np.float32)
    classes = rng.integers(0, network.places[network.layers[-1].name].output[0], _SAMPLES)
    batches = rng.integers(0, _SAMPLES, (8, batch))
    rates = np.full(len(batches), 1e-6)
    seconds = _best(lambda: engine.train(x, classes, batches, rates)) / len(batches)
    wanted = needed(iteration.resized(1, True).sweeps, {LOSS, *iteration.carried.values()})
    products = _products(iteration)
    taps = sum(products[s.layer] for s in wanted if s.counts_macs or s.twin is not None)
    flops = 2.0 * batch * taps
    of = f"{name}, batch {batch}"
    return _line("step", engine.name, of, threads, flops, seconds, ceilings, batch)
