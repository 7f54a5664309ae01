"""``python -m tests.benchmarks.learning``: how soon 99 of 100 new digits are read correctly.

A small network, a rate that warms up and falls along a cosine. Only training counts:
the kernels are compiled and the pictures loaded before.
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter

import numpy as np

from cnnsim.kernels.processors import processors
from cnnsim.scenario.reader import read_scenario
from cnnsim.training.load import load
from cnnsim.training.samples import Split
from cnnsim.training.schedule import rates
from tests.benchmarks.lanes import NETS, engine_of

SEEDS = 20
SCHEDULE = {"optimizer": "adam", "rate": 0.005, "batch": 32, "epochs": 16,
            "schedule": "cosine", "warm_up": 1}  # fmt: skip


def learn(split: Split, seed: int) -> tuple[float, float]:
    """Seconds of training, and the share of the test pictures that is right after it."""
    engine, network, optimizer = engine_of(NETS["digits"], processors(), SCHEDULE)
    start = {name: p.draw(seed, name) for name, p in network.parameters.items()}
    x, y = split.train.pictures, split.train.classes
    engine.load(start)
    # The first call loads the kernels, and lays out the memory.
    engine.train(x, y, np.zeros((1, optimizer.batch), np.int64), np.zeros(1))
    engine.load(start)
    rng = np.random.default_rng(seed)
    each = len(x) // optimizer.batch
    begun = perf_counter()
    orders = [rng.permutation(len(x))[: each * optimizer.batch] for _ in range(optimizer.epochs)]
    order = np.concatenate(orders).reshape(-1, optimizer.batch)
    engine.train(x, y, order, rates(optimizer, 0, len(order), each))
    taken = perf_counter() - begun
    guesses = engine.outputs(split.test.pictures).argmax(1)
    return taken, float((guesses == split.test.classes).mean())


def main() -> int:
    """Measure and print."""
    split = load(read_scenario("digits_cnn"))
    found = [learn(split, seed) for seed in range(SEEDS)]
    seconds, right = zip(*found, strict=True)
    print(
        f"{SCHEDULE['epochs']} epochs of {SCHEDULE['batch']} digits an update: "
        f"{min(seconds):.3f} s at best, {statistics.median(seconds):.3f} s in the middle of "
        f"{SEEDS} seeds; {100 * statistics.mean(right):.2f} ± {100 * statistics.stdev(right):.2f} %"
        "  (goal: 99 % in 0.1 s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
