"""All maps of the tensor at work, as far as they are computed."""

from __future__ import annotations

import numpy as np

from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Sweep
from cnnsim.tui.stage.maps import Maps
from cnnsim.tui.stage.view import View

#: A tensor of maps: sample, channel, row, column; or a kernel's.
_RANK = 4


def has_channels(sweep: Sweep) -> bool:
    """Whether the tensor that a sweep fills consists of several maps."""
    return len(sweep.cells) == _RANK and sweep.cells[1] > 1


def channels_of(stepper: Stepper, view: View) -> Maps | None:
    """The maps of the present sample; what the run has not come to is NaN.

    None where there is one map only, or none so far.
    """
    sweep, position = view.sweep, view.position
    values = stepper.iterations.at(position.iteration)
    if not has_channels(sweep) or not values.is_ready(sweep.writes):
        return None
    first = position.cell[0]
    done = view.cell - first * int(np.prod(sweep.cells[1:]))
    maps = np.array(values[sweep.writes][first], np.float64)
    maps.reshape(-1)[done + (0 if not view.is_last_tap else 1) :] = np.nan
    return Maps(sweep.writes, maps, now=position.cell[1])
