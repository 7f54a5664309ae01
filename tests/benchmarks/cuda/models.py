"""256 digit models at once: beside the CPU's engine, and PyTorch that trains one after another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import perf_counter

import numpy as np

from tests.benchmarks.cuda import peers
from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.ceilings import reached
from tests.benchmarks.cuda.command import Told, train
from tests.benchmarks.cuda.nets import DIGITS, data, operations
from tests.benchmarks.cuda.row import WRONG, Row, against, seconds
from tests.benchmarks.lanes import drawn, iteration_of

MODELS, EPOCHS = 256, 60
#: Training pictures of the digits, and updates of an epoch.
_PICTURES, _UPDATES = 1437, 45
#: So few epochs that make 98.9 ± 0.5 % right (CPU, 20 seeds), and how long their updates may take.
_FEW = (("training.epochs", 10), ("training.rate", 0.005), ("training.warm_up", 1))
_GOAL = 1.0
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
    known: list[float] = []

    def epochs() -> Iterator[Row]:
        _, counted = reached()
        one = operations(iteration_of(DIGITS, {"optimizer": "adam"}), _PICTURES)
        for models in (1, 132, MODELS):
            took = of_an_epoch(models)
            flops = one * models / took
            yield Row(
                "models", f"an epoch of {models} digits_cnn", seconds(took),
                f"{flops / 1e12:.2f} TFLOP/s", f"{flops / counted:.0%}", "of the measured ceiling",
            )  # fmt: skip

    def goal() -> Iterator[Row]:
        few = [word for key, value in _FEW for word in ("--set", f"{key}={value}")]
        told = _trained(MODELS, "cuda", 0.3 * allowed, *few)
        (mean,) = (row for row in told.rows if row["kind"] == "mean")
        epochs = [row for row in told.rows if row["kind"] == "epoch" and row["seed"] == 0]
        took = sum(_PICTURES / row["images_per_second"] for row in epochs)
        right = mean["test_accuracy"]
        yield Row(
            "models", f"updates of {len(epochs)} epochs, {MODELS} seeds", seconds(took),
            f"goal {seconds(_GOAL)}", against(took, _GOAL) if right >= 0.985 else WRONG,
            f"{right:.2%}, at least 98.5 % wanted; the whole command {seconds(told.seconds)}",
        )  # fmt: skip

    def command() -> Iterator[Row]:
        told = _trained(MODELS, "cuda", 0.5 * allowed)
        known.append(told.seconds)
        (mean,) = (row for row in told.rows if row["kind"] == "mean")
        accuracy = f"{mean['test_accuracy']:.2%} ± {100 * mean['deviation']:.2f}"
        yield Row(
            "models", f"cnnsim train, {MODELS} seeds", seconds(told.seconds), accuracy,
            "ok" if mean["test_accuracy"] >= 0.988 else WRONG, "the whole command; 99 % expected",
        )  # fmt: skip

    def on_the_cpu() -> Iterator[Row]:
        told = _trained(_ON_CPU, "cpu", 0.3 * allowed)
        note = f"scaled from {_ON_CPU} seeds in {seconds(told.seconds)}"
        yield _beside("the same on the CPU", told.seconds * MODELS / _ON_CPU, known, note)

    def with_torch(way: str) -> Iterator[Row]:
        with peers.tf32(True):
            step, _ = peers.best_of(DIGITS, DIGITS.batch, way, *data(DIGITS, _PICTURES))
        note = f"scaled from {seconds(step)} a step, TF32 allowed; its updates only, without tests"
        scaled = step * _UPDATES * EPOCHS * MODELS
        yield _beside(f"PyTorch {way}, one after another", scaled, known, note)

    cases: list[Case] = [
        Case("epochs", epochs),
        Case("few epochs", goal),
        Case(f"cnnsim train, {MODELS} seeds", command),
        Case("the same on the CPU", on_the_cpu),
    ]
    if why := peers.why_not():
        cases.append(Case("PyTorch", lambda: [Row("models", "PyTorch", "not run", "", "", why)]))
    else:
        cases += [Case(f"PyTorch {way}", partial(with_torch, way)) for way in ("graph", "eager")]
    yield from measured("models", allowed, cases)


def _trained(seeds: int, device: str, timeout: float, *others: str) -> Told:
    words = ("digits_cnn", "--seeds", f"0..{seeds - 1}", "--device", device, *others)
    return train(*words, timeout=timeout)


def _beside(what: str, took: float, known: list[float], note: str) -> Row:
    """A row beside the time of our own command, where that is `known`."""
    if not known:
        return Row("models", what, seconds(took), "", "", note)
    (ours,) = known
    return Row("models", what, seconds(took), f"ours {seconds(ours)}", against(ours, took), note)
