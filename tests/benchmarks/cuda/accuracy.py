"""What networks learn on the GPU: digits_cnn, and mnist_cnn where its pictures are here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cnnsim.training.mnist import CHECKSUMS, mnist_folder
from tests.benchmarks.cuda.cases import Case, measured
from tests.benchmarks.cuda.command import train
from tests.benchmarks.cuda.row import WRONG, Row, seconds

#: A folder with MNIST's four files, where they are not in the program's cache.
MNIST = "CNNSIM_MNIST"


def mnist() -> Path | None:
    """Where MNIST's files are; nothing is downloaded."""
    for folder in (Path(os.environ.get(MNIST, ".")), mnist_folder()):
        if all((folder / name).is_file() for name in CHECKSUMS):
            return folder
    return None


def measure(allowed: float) -> Iterator[Row]:
    """The test accuracy after the last epoch."""

    def case(name: str, least: float, *words: str) -> Iterator[Row]:
        told = train(name, "--device", "cuda", *words, timeout=allowed / 2)
        found = told.rows[-1]["test_accuracy"]
        yield Row(
            "accuracy", name, f"{found:.2%}", f"at least {least:.0%}",
            "ok" if found >= least else WRONG, f"one seed, {seconds(told.seconds)} in all",
        )  # fmt: skip

    def pictures() -> Iterator[Row]:
        if (folder := mnist()) is not None:
            yield from case("mnist_cnn", 0.99, "--set", f"data.source={folder}")
            return
        what = f"no pictures in {mnist_folder()}, nor where {MNIST} says"
        yield Row("accuracy", "mnist_cnn", "not run", "", "", what)

    cases = [Case("digits_cnn", partial(case, "digits_cnn", 0.98)), Case("mnist_cnn", pictures)]
    yield from measured("accuracy", allowed, cases)
