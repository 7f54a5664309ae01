"""256 digit models at once: beside the CPU's engine, and PyTorch that trains one after another."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from tests.benchmarks.cuda import peers
from tests.benchmarks.cuda.ceilings import reached
from tests.benchmarks.cuda.command import train
from tests.benchmarks.cuda.nets import DIGITS, data, operations
from tests.benchmarks.cuda.row import Row, against, seconds
from tests.benchmarks.lanes import drawn, iteration_of

MODELS, EPOCHS = 256, 60
#: Training pictures of the digits, and updates of an epoch.
_PICTURES, _UPDATES = 1437, 45
#: Seeds that the CPU trains, which are then scaled.
_ON_CPU = 8


def of_an_epoch(models: int) -> float:
    """Seconds of an epoch's updates, without anything around them."""
    from cnnsim.kernels.cuda.models.engine import ModelsEngine

    iteration = iteration_of(DIGITS, {"optimizer": "adam"})
    engine = ModelsEngine(iteration, models)
    engine.load([drawn(iteration.network)] * models, 0)
    x, y = data(DIGITS, _PICTURES)
    engine.give("train", x, np.eye(10, dtype=np.float32)[y])
    stream = np.random.default_rng(0)
    batches = stream.integers(0, _PICTURES, (models, _UPDATES, 32))
    sizes = np.append(np.full(_UPDATES - 1, 32), _PICTURES - 32 * (_UPDATES - 1))
    engine.move(stream.integers(-1, 2, (models, _PICTURES, 2)))
    rates = np.full((models, _UPDATES), 1e-3)
    found = []
    for _ in range(4):
        began = perf_counter()
        engine.train(batches, sizes, rates)()
        found.append(perf_counter() - began)
    return min(found)


def measure(allowed: float) -> Iterator[Row]:
    """An epoch, then the whole command, then the others."""
    _, counted = reached()
    for models in (1, 132, MODELS):
        took = of_an_epoch(models)
        flops = operations(iteration_of(DIGITS, {"optimizer": "adam"}), _PICTURES) * models / took
        yield Row(
            "models", f"an epoch of {models} digits_cnn", seconds(took),
            f"{flops / 1e12:.2f} TFLOP/s", f"{flops / counted:.0%}", "of the measured ceiling",
        )  # fmt: skip
    seeds = f"0..{MODELS - 1}"
    told = train("digits_cnn", "--seeds", seeds, "--device", "cuda", timeout=0.6 * allowed)
    if told.error:
        yield Row("models", f"cnnsim train, {MODELS} seeds", "failed", "", "WRONG", told.error)
        return
    (mean,) = (row for row in told.rows if row["kind"] == "mean")
    accuracy = f"{mean['test_accuracy']:.2%} ± {100 * mean['deviation']:.2f}"
    yield Row(
        "models", f"cnnsim train, {MODELS} seeds", seconds(told.seconds), accuracy,
        "ok" if mean["test_accuracy"] >= 0.988 else "WRONG", "the whole command; 99 % expected",
    )  # fmt: skip
    few = train("digits_cnn", "--seeds", f"0..{_ON_CPU - 1}", "--device", "cpu", timeout=allowed)
    if not few.error:
        scaled = few.seconds * MODELS / _ON_CPU
        yield Row(
            "models", "the same on the CPU", seconds(scaled), f"{seconds(told.seconds)} on the GPU",
            against(told.seconds, scaled), f"scaled from {_ON_CPU} seeds in {seconds(few.seconds)}",
        )  # fmt: skip
    if why := peers.why_not():
        yield Row("models", "PyTorch", "not run", "", "", why)
        return
    x, y = data(DIGITS, _PICTURES)
    for way in ("eager", "graph"):
        step = peers.seconds_of(peers.step_of(DIGITS, DIGITS.batch, way, x, y))
        scaled = step * _UPDATES * EPOCHS * MODELS
        yield Row(
            "models", f"PyTorch {way}, one after another", seconds(scaled),
            f"ours {seconds(told.seconds)}", against(told.seconds, scaled),
            f"scaled from {seconds(step)} a step; its updates only, without tests",
        )  # fmt: skip
