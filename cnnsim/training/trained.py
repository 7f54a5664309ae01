"""A run's network with the numbers that it learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.errors import CnnsimError, printable
from cnnsim.kernels.choose import Device, engine_for
from cnnsim.kernels.engine import Floats32
from cnnsim.training.checkpoint import Point
from cnnsim.training.evaluate import Measure, measure, shares
from cnnsim.training.load import data_of, load
from cnnsim.training.preprocess import Way
from cnnsim.training.run import Run, open_run
from cnnsim.training.runfolder import BEST, LAST
from cnnsim.training.samples import Split


@dataclass(frozen=True)
class Trained:
    """A checkpoint of a run, opened.

    Attributes:
        tensors: parameters and the optimiser's states, by name.
        point: where the run stood.
    """

    run: Run
    tensors: dict[str, npt.NDArray[Any]]
    point: Point

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the classes. Raises CnnsimError where an old run does not hold them."""
        return self.point.names or load(self.run.scenario).names

    @property
    def way(self) -> Way:
        """As whose pictures those were made that it learned from."""
        source = data_of(self.run.scenario).source
        if source == "digits":
            return "digits"
        return "mnist" if source == "mnist" or self.point.centred else ""

    def outputs(self, pictures: Floats32, threads: int, device: Device = "cpu") -> Floats32:
        """What the last layer says of pictures [samples, …].

        Raises CnnsimError where that is no number: no class follows from it.
        """
        engine = engine_for(self.run.iteration, threads, device)
        engine.load(self.tensors)
        found = engine.outputs(pictures)
        if not np.isfinite(found).all():
            raise CnnsimError(
                f"what {printable(str(self.run.folder))} says is not a number",
                "its numbers are too large, or damaged; train --overwrite begins anew",
            )
        return found


def open_trained(folder: Path, best: bool = False) -> Trained:
    """The last checkpoint of the run in `folder`, or its best epoch's. Raises UsageError."""
    run = open_run(folder)
    tensors, point = run.read(BEST if best else LAST)
    return Trained(run, tensors, point)


@dataclass(frozen=True)
class Evaluation:
    """How good a checkpoint is on the test pictures.

    Attributes:
        split: the pictures.
        measure: loss, guesses, right classes.
        shares: how sure each answer was [samples, classes].
    """

    split: Split
    measure: Measure
    shares: npt.NDArray[np.float64]

    def worst(self, count: int) -> list[int]:
        """The mistakes in which the right class had the smallest share, worst first."""
        right = self.shares[np.arange(len(self.shares)), self.measure.classes]
        wrong = np.flatnonzero(self.measure.guesses != self.measure.classes)
        order = wrong[np.argsort(right[wrong], kind="stable")]
        return [int(number) for number in order[:count]]


def evaluate(
    trained: Trained, threads: int, device: Device = "cpu", split: Split | None = None
) -> Evaluation:
    """Test a checkpoint; its pictures are read unless they are given as `split`.

    Raises CnnsimError where they are missing.
    """
    scenario = trained.run.scenario
    split = split or load(scenario)
    outputs = trained.outputs(split.test.pictures, threads, device)
    found = measure(scenario, outputs, split.test.classes)
    return Evaluation(split, found, shares(scenario, outputs))
