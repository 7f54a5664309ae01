"""A trained net to draw for: which sheet it takes, what it sees of it, its steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnsim.errors import UsageError
from cnnsim.kernels.choose import engine_for
from cnnsim.network.layer import times
from cnnsim.scenario.scenario import Scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.training.evaluate import shares
from cnnsim.training.load import load
from cnnsim.training.preprocess import Way, as_bits, read_seen, seen
from cnnsim.training.samples import Samples
from cnnsim.training.trained import open_trained
from cnnsim.tui.pad.judge import Judge, Look
from cnnsim.tui.pad.sheet import Sheet
from cnnsim.tui.train.opened import stepper_on, trained_scenario

Ink = npt.NDArray[np.float64]

#: The largest picture that fits on a screen as a sheet.
_LARGEST = 64


@dataclass(frozen=True)
class _Paper:
    """How one draws for pictures of a size."""

    rows: int
    columns: int
    bits: bool
    radius: float


class PadNet:
    """The network of a run with the weights it was left with. Raises CnnsimError."""

    def __init__(self, folder: Path) -> None:
        trained = open_trained(folder)
        run = trained.run
        self.folder = folder
        self.name = run.name
        self.scenario: Scenario = trained_scenario(run)
        self.names = trained.names
        self.epochs = [row for row in run.metrics() if row.get("kind") == "epoch"]
        self._way = trained.way
        self._paper = _paper(self.scenario, self._way)
        self._engine = engine_for(run.iteration, 1)
        self._engine.load(trained.tensors)
        self._judge = Judge(Stepper(self.scenario))
        # What has to be compiled or loaded is there before the pen.
        self.look(np.zeros(self.scenario.network.input_shape))

    @property
    def accuracy(self) -> float | None:
        """Of the last epoch on the test pictures, 0 to 1."""
        return self.epochs[-1].get("test_accuracy") if self.epochs else None

    def look(self, picture: Ink) -> Look:
        """What the net says of a picture [channels, height, width], and its first maps.

        By the CPU's engine, in float32: as fast as a pen moves.
        """
        outputs = self._engine.outputs(picture[np.newaxis].astype(np.float32))
        likely = shares(self.scenario, outputs)[0]
        return Look(picture, tuple(likely.tolist()), *self._judge.maps(picture))

    def slopes(self, picture: Ink, chosen: int) -> Ink:
        """How the output of a class changes with each pixel [height, width]; see `slope_of`."""
        return self._judge.slopes(picture, chosen)

    def slope_of(self, chosen: int) -> str:
        """What `slopes` are, as a formula: a single output y says 1 − y of class 0."""
        return "−dy/dx" if self._judge.is_single and not chosen else "dy/dx"

    def sheet(self) -> Sheet:
        """An empty sheet of the right size."""
        paper = self._paper
        return Sheet(paper.rows, paper.columns, paper.bits, paper.radius)

    def see(self, ink: Ink) -> Ink:
        """The picture [channels, height, width] that the net gets of a sheet."""
        return seen(ink[np.newaxis], self._way)

    @cached_property
    def test(self) -> Samples:
        """The test pictures. Raises CnnsimError where they are missing."""
        return load(self.scenario).test

    def read(self, path: Path, invert: bool) -> Ink:
        """The picture [channels, height, width] that the net gets of a file of any size.

        `invert` makes dark on light light on dark. Raises UsageError where it is no picture.
        """
        return read_seen(path, self.scenario.network.input_shape, self._way, invert)

    def on_sheet(self, picture: Ink) -> Ink:
        """A picture [channels, height, width] as ink; bits are set by blocks."""
        paper = self._paper
        plane = picture[0]
        if not paper.bits:
            return np.asarray(plane, np.float64)
        return as_bits(plane, paper.rows // plane.shape[0])

    def stepper(self, picture: Ink, wanted: int) -> Stepper:
        """The net opened on `picture`, its loss asking for class `wanted`."""
        return stepper_on(self.scenario, picture, wanted)


def _paper(scenario: Scenario, way: Way) -> _Paper:
    shape = scenario.network.input_shape
    if way == "digits":
        # So wide that digits as high as the sheet have as much ink as UCI's.
        return _Paper(32, 32, True, 2.5)
    if way == "mnist":
        return _Paper(28, 28, False, 1.0)
    if len(shape) == 3 and shape[0] == 1 and max(shape[1:]) <= _LARGEST:
        return _Paper(shape[1], shape[2], False, 0.75)
    raise UsageError(
        f"{scenario.name} reads pictures of {times(shape)}, and the pad draws one channel",
        f"draw for a net that reads 1x8x8, 1x28x28 or another plane of up to {_LARGEST}",
    )
