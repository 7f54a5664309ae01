"""What networks learn on the GPU: digits_cnn, and mnist_cnn where its pictures are here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cnnsim.training.mnist import CHECKSUMS, mnist_folder
from tests.benchmarks.cuda.command import train
from tests.benchmarks.cuda.row import Row, seconds

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
    cases = [("digits_cnn", 0.98, ())]
    if (folder := mnist()) is None:
        what = f"no pictures in {mnist_folder()}, nor where {MNIST} says"
        yield Row("accuracy", "mnist_cnn", "not run", "", "", what)
    else:
        cases.append(("mnist_cnn", 0.99, ("--set", f"data.source={folder}")))
    for name, least, words in cases:
        told = train(name, "--device", "cuda", *words, timeout=allowed / len(cases))
        if told.error:
            yield Row("accuracy", name, "failed", "", "WRONG", told.error)
            continue
        found = told.rows[-1]["test_accuracy"]
        yield Row(
            "accuracy", name, f"{found:.2%}", f"at least {least:.0%}",
            "ok" if found >= least else "WRONG", f"one seed, {seconds(told.seconds)} in all",
        )  # fmt: skip
