"""The bundled scenarios, opened once."""

from __future__ import annotations

from functools import cache

import numpy as np

from cnnsim.scenario.reader import read_scenario
from cnnsim.stepper.stepper import Stepper


@cache
def opened(name: str) -> Stepper:
    """The stepper of a bundled scenario."""
    return Stepper(read_scenario(name))


def tensor(name: str, which: str) -> np.ndarray:
    """A finished tensor of one sample; a single map as a plane."""
    values = np.asarray(opened(name).values[which], float)
    return values[0, 0] if values.shape[:2] == (1, 1) else values[0]
