"""The copied code, run for every kind of sweep, gives the cell's own number."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from cnnsim.scenario.reader import parse_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.tui.stage.code import numpy_code, torch_code
from cnnsim.tui.stage.view import View

LOSS = """
[loss]
type = "softmax_cross_entropy"
target = 1
[training]
optimizer = "adam"
weight_decay = 0.1
"""
TEXT = """
title = "every kind"
mode = "training"
[input]
values = [[[[1, -2, 3, 0.5], [4, 5, -6, 1], [0, 2, 2, -1], [3, 3, 1, -4]]]]
[[layers]]
type = "conv2d"
name = "conv"
filters = 2
size = 3
padding = 1
[[layers]]
type = "batch_norm2d"
name = "norm"
[[layers]]
type = "relu"
name = "relu"
[[layers]]
type = "add"
name = "add"
from = ["relu", "norm"]
[[layers]]
type = "leaky_relu"
name = "leaky"
[[layers]]
type = "max_pool2d"
name = "largest"
size = 3
stride = 2
padding = 1
[[layers]]
type = "avg_pool2d"
name = "mean"
from = "leaky"
size = 2
padding = 1
count_include_pad = false
[[layers]]
type = "tanh"
name = "tanh"
[[layers]]
type = "sigmoid"
name = "sigmoid"
[[layers]]
type = "dropout"
name = "drop"
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "dense"
units = 3
[[layers]]
type = "softmax"
name = "softmax"
"""


#: Logarithms of 0 stop at −100 and slopes at 10¹²; ReLU of −∞ is 0.
LIMITS = """
title = "limits"
[input]
values = [0.0, 1.0]
[[layers]]
type = "relu"
name = "same"
[loss]
type = "binary_cross_entropy"
target = [0, 0]
"""
INFINITE = """
title = "infinite"
[input]
values = [[[1.0, -inf]]]
[[layers]]
type = "relu"
name = "relu"
"""


def views() -> list[View]:
    """A view of the last cell of every sweep."""
    found = []
    for name, text in (("kinds", TEXT + LOSS), ("limits", LIMITS), ("infinite", INFINITE)):
        stepper = Stepper(parse_scenario(name, text))
        for end, sweep in zip(stepper.trace.ends, stepper.trace.sweeps, strict=True):
            position = stepper.trace.position(end - 1)
            work, reading = stepper.work(position), stepper.read(end - 1)
            found.append(View(name, end - 1, 0, 0, sweep, position, work, reading))
    return found


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    "view", views(), ids=lambda view: f"{view.scenario}-{view.sweep.full_name}"
)
@pytest.mark.parametrize("make", [numpy_code, torch_code])
def test_the_code_prints_the_value(view: View, make) -> None:
    if make is torch_code:
        pytest.importorskip("torch")
    if view.scenario == "limits":
        assert "terms = " not in make(view), "its formula says all of it"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(make(view), {})
    assert np.isclose(float(printed.getvalue()), view.work.value, rtol=1e-12, atol=1e-12)
