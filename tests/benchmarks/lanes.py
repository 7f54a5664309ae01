"""``python -m tests.benchmarks.lanes``: training steps beside PyTorch's, in alternating processes.

Machines are noisy and shared: only ratios of processes that ran in turns count. PyTorch runs in
both layouts of memory, with the fused Adam; the better one counts. Where single pictures are
trained, JAX runs too, if it is installed: one compiled loop over all of them, as here.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from tests.entries import FLAT, POOL, RELU, Entry, conv, dense

SIGMOID: Entry = {"type": "sigmoid"}


@dataclass(frozen=True)
class Net:
    """A network to measure, and how many times faster than PyTorch it should be.

    Attributes:
        goal: None where there is none.
        is_forward: no training: what the network says of a batch.
        is_binary: its outputs are probabilities, and its loss is the binary cross-entropy.
        scans: JAX has the same.
    """

    shape: tuple[int, int, int]
    entries: list[Entry]
    goal: float | None
    batch: int = 64
    is_forward: bool = False
    is_binary: bool = False
    scans: bool = False


_BLOCK = [RELU, POOL]
_THIRDS: Entry = {"type": "max_pool2d", "size": 3, "stride": 2}
_TAIL = [dense(84), RELU, dense(10)]
_HEAD = [FLAT, dense(512), RELU, dense(10)]
NETS = {
    "lenet": Net(
        (1, 28, 28),
        [conv(6, 5, 2), *_BLOCK, conv(16, 5), *_BLOCK, FLAT, dense(120), RELU, *_TAIL],
        5.5,
    ),
    "better": Net(
        (1, 28, 28),
        [conv(32, 3, 1), *_BLOCK, conv(64, 3, 1), *_BLOCK, FLAT, dense(128), RELU, dense(10)],
        2.5,
    ),
    "simple_cnn": Net(
        (3, 32, 32),
        [conv(32, 3, 1), *_BLOCK, conv(64, 3, 1), *_BLOCK, conv(128, 3, 1), *_BLOCK, *_HEAD],
        1.6,
    ),
    "digits": Net(
        (1, 8, 8),
        [conv(16, 3), RELU, conv(32, 3), *_BLOCK, FLAT, dense(64), RELU, dense(10)],
        5.8,
    ),
    "article": Net(
        (1, 8, 8),
        [conv(4, 3, bias="none", frozen=True), *_BLOCK, FLAT, dense(10)],
        700,
        batch=1,
        scans=True,
    ),
    "article_trained": Net(
        (1, 8, 8), [conv(4, 3, bias="none"), *_BLOCK, FLAT, dense(10)], 540, batch=1, scans=True
    ),
    "zeros_ones": Net(
        (1, 28, 28),
        [conv(5, 3, bias="untied"), SIGMOID, FLAT, dense(100), SIGMOID, dense(2), SIGMOID],
        None, batch=1, is_binary=True,
    ),
    "alexnet": Net(
        (3, 227, 227),
        [conv(96, 11, stride=4), RELU, _THIRDS, conv(256, 5, 2), RELU, _THIRDS, conv(384, 3, 1),
         RELU, conv(384, 3, 1), RELU, conv(256, 3, 1), RELU, _THIRDS, FLAT, dense(4096), RELU,
         dense(200)],
        1.5, batch=1, is_forward=True,
    ),
}  # fmt: skip
SAMPLES = 512


def iteration_of(net: Net, training: Entry) -> Any:
    """One iteration of a network with the table ``[training]``, as an engine takes it."""
    from cnnsim.network.graph import connect
    from cnnsim.network.iteration import Iteration
    from cnnsim.network.layer import kinds
    from cnnsim.network.loss import losses
    from cnnsim.network.optimizer import optimizers

    layers = [
        kinds()[entry["type"]].model_validate({"name": f"layer{number}", **entry})
        for number, entry in enumerate(net.entries)
    ]
    kind, target = (
        ("binary_cross_entropy", [0, 1]) if net.is_binary else ("softmax_cross_entropy", 0)
    )
    loss = losses()[kind].model_validate({"type": kind, "target": target})
    optimizer = optimizers()[training["optimizer"]].model_validate(training)
    return Iteration(connect(layers, net.shape), loss, optimizer=optimizer)


def engine_of(net: Net, threads: int, training: Entry) -> tuple[Any, Any, Any]:
    """The lanes with `net`, the network, and the optimiser of the table ``[training]``."""
    from cnnsim.kernels.lanes.engine import LanesEngine

    iteration = iteration_of(net, training)
    return LanesEngine(iteration, threads), iteration.network, iteration.optimizer


def drawn(network: Any) -> dict[str, Any]:
    """Its parameters as they are drawn."""
    return {name: p.draw(0, name) for name, p in network.parameters.items()}


def ours(net: Net, threads: int, seconds: float) -> list[float]:
    """Seconds of a step, each averaged over a run of steps in one call."""
    kind = "adam" if net.batch > 1 else "sgd"
    engine, network, _ = engine_of(net, threads, {"optimizer": kind})
    engine.load(drawn(network))
    rng = np.random.default_rng(0)
    if net.is_forward:
        one = rng.random((net.batch, *net.shape), dtype=np.float32)
        return timed(lambda: engine.outputs(one), 4, seconds)
    x = rng.random((SAMPLES, *net.shape), dtype=np.float32)
    y = rng.integers(0, 2 if net.is_binary else 10, SAMPLES)
    steps = 10 if net.batch > 1 else 4 * SAMPLES

    def train() -> None:
        order = rng.integers(0, SAMPLES, (steps, net.batch))
        engine.train(x, y, order, np.full(steps, 1e-3))

    return [taken / steps for taken in timed(train, 4, seconds)]


def timed(work: Callable[[], Any], least: int, seconds: float) -> list[float]:
    """Seconds of each run, at least so many; the first ones, a fourth of these, do not count."""
    found: list[float] = []
    ends = perf_counter() + seconds
    while len(found) < least or perf_counter() < ends:
        begun = perf_counter()
        work()
        found.append(perf_counter() - begun)
    return found[least // 4 :]


def model_of(net: Net) -> Any:
    """The same network of PyTorch's modules, with weights of its own."""
    import torch
    from torch import nn

    class Untied(nn.Module):
        """A bias for each value."""

        def __init__(self, shape: tuple[int, ...]) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(shape))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.bias

    modules: list[Any] = []

    def shape() -> tuple[int, ...]:
        """Of a sample after all of these."""
        return tuple(nn.Sequential(*modules)(torch.zeros(1, *net.shape)).shape[1:])

    channels = net.shape[0]
    for entry in net.entries:
        kind = entry["type"]
        if kind == "conv2d":
            modules.append(
                nn.Conv2d(
                    channels,
                    entry["filters"],
                    entry["size"],
                    padding=entry["padding"],
                    stride=entry.get("stride", 1),
                    bias=entry.get("bias", "tied") == "tied",
                ).requires_grad_(not entry.get("frozen", False))
            )
            if entry.get("bias") == "untied":
                modules.append(Untied(shape()))
            channels = entry["filters"]
        elif kind == "dense":
            modules.append(nn.Linear(*shape(), entry["units"]))
        elif kind == "max_pool2d":
            modules.append(nn.MaxPool2d(entry["size"], entry.get("stride")))
        else:
            plain = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "flatten": nn.Flatten}
            modules.append(plain[kind]())
    return nn.Sequential(*modules)


def theirs(net: Net, threads: int, seconds: float, channels_last: bool) -> list[float]:
    """Seconds of a step of PyTorch."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    model = model_of(net)
    x = torch.rand(net.batch if net.is_forward else SAMPLES, *net.shape)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 10, (SAMPLES,))
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer: Any = torch.optim.SGD(learned, lr=0.01)
    if net.batch > 1:
        optimizer = torch.optim.Adam(learned, fused=True)
    loss: Any = nn.CrossEntropyLoss()
    if net.is_binary:
        loss, y = nn.BCELoss(), torch.eye(2)[torch.randint(0, 2, (SAMPLES,))]

    def train() -> None:
        order = torch.randint(0, SAMPLES, (net.batch,))
        optimizer.zero_grad(set_to_none=True)
        loss(model(x[order]), y[order]).backward()
        optimizer.step()

    if net.is_forward:
        with torch.inference_mode():
            return timed(lambda: model(x), 8, seconds)
    return timed(train, 16, seconds)


def scanned(net: Net, seconds: float) -> list[float]:
    """Seconds of a step of JAX on the article's network, whose loop over samples is compiled."""
    import jax
    from jax import numpy as jnp

    learned = not net.entries[0].get("frozen", False)
    maps, size = net.entries[0]["filters"], net.entries[0]["size"]
    side = net.shape[1] - size + 1
    taps = [(i, j) for i in range(size) for j in range(size)]
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.random((SAMPLES, *net.shape[1:]), dtype=np.float32))
    y = jnp.asarray(rng.integers(0, 10, SAMPLES))
    weights = tuple(
        jnp.asarray(rng.normal(0, 0.1, shape).astype(np.float32))
        for shape in ((len(taps), maps), (maps * (side // 2) ** 2, 10), (10,))
    )

    def loss(weights: Any, picture: Any, label: Any) -> Any:
        kernel, w, b = weights
        kernel = kernel if learned else jax.lax.stop_gradient(kernel)
        windows = [picture[i : i + side, j : j + side] for i, j in taps]
        # Of some ways to say it the fastest one of each.
        if learned:
            sums = (jnp.stack(windows, -1)[..., None] * kernel).sum(2)
        else:
            sums = sum(window[..., None] * kernel[tap] for tap, window in enumerate(windows))
        pooled = jnp.maximum(sums, 0).reshape(side // 2, 2, side // 2, 2, maps).max((1, 3))
        z = pooled.ravel() @ w + b
        return jax.nn.logsumexp(z) - z[label]

    def step(weights: Any, sample: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(weights, x[sample], y[sample])
        return jax.tree.map(lambda w, dw: w - 1e-3 * dw, weights, slopes), value

    steps = 4 * SAMPLES
    run = jax.jit(lambda weights, order: jax.lax.scan(step, weights, order))
    order = jnp.asarray(rng.integers(0, SAMPLES, steps))
    runs = timed(lambda: jax.block_until_ready(run(weights, order)), 4, seconds)
    return [taken / steps for taken in runs]


def measure(who: str, name: str, threads: int, seconds: float) -> list[float]:
    """The same in a process of its own."""
    words = ["--child", who, "--nets", name, "--threads", str(threads), "--seconds", str(seconds)]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.lanes", *words],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false" if threads == 1 else "",
        },
    )
    found: list[float] = json.loads(finished.stdout)
    return found


def compare(name: str, threads: int, rounds: int, seconds: float) -> str:
    """One line: milliseconds of a step, medians and bests, and how they compare."""
    times: dict[str, list[list[float]]] = {"lanes": [], "nchw": [], "channels_last": []}
    net = NETS[name]
    if net.scans and importlib.util.find_spec("jax"):
        times["jax"] = []
    for _ in range(rounds):
        for who, runs in times.items():
            runs.append(measure(who, name, threads, seconds))
    middle = {w: statistics.median(statistics.median(run) for run in runs) for w, runs in
              times.items()}  # fmt: skip
    least = {w: min(min(run) for run in runs) for w, runs in times.items()}
    ratios = [min(t[w] for w in ("nchw", "channels_last")) / t["lanes"] for t in (middle, least)]
    each = "  ".join(f"{who} {1e3 * middle[who]:.4g} ({1e3 * least[who]:.4g})" for who in times)
    return (
        f"{name:16} batch {net.batch:3} threads {threads}  {each}  "
        f"ratio of medians {ratios[0]:.2f}, of bests {ratios[1]:.2f}"
        + ("" if net.goal is None else f"  goal {net.goal:g}")
        + ("  (jax: not installed)" if net.scans and "jax" not in times else "")
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.lanes", description=__doc__)
    parser.add_argument("--nets", default=",".join(NETS), help=f"of {','.join(NETS)}")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default: 1,2)")
    parser.add_argument("--rounds", type=int, default=5, help="processes of each (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each process (default: 1)")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.nets.split(",")
    counts = [int(word) for word in options.threads.split(",")]
    if options.child:
        net = NETS[names[0]]
        if options.child == "lanes":
            print(json.dumps(ours(net, counts[0], options.seconds)))
        elif options.child == "jax":
            print(json.dumps(scanned(net, options.seconds)))
        else:
            last = options.child == "channels_last"
            print(json.dumps(theirs(net, counts[0], options.seconds, last)))
        return 0
    print("ms a step: median of medians (best)")
    for name in names:
        for threads in counts if NETS[name].batch > 1 or NETS[name].is_forward else counts[:1]:
            print(compare(name, threads, options.rounds, options.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
