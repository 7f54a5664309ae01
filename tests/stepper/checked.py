"""The gradients of a text, checked; a small network to begin with."""

from __future__ import annotations

from typing import Any

from networks import scenario

from cnnsim.stepper.gradcheck import GradientCheck, check_gradients, with_gradient

#: A small network that is trained; its numbers are drawn.
NET = """
seed = 3
[input]
random = [1, 6, 6]
[[layers]]
type = "conv2d"
name = "conv1"
filters = 2
size = 3
[[layers]]
type = "tanh"
name = "tanh1"
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "fc"
units = 2
[loss]
type = "softmax_cross_entropy"
target = 1
[training]
optimizer = "sgd"
rate = 0.1
iterations = 30
"""


def checks(text: str, **options: Any) -> dict[str, GradientCheck]:
    """What the gradient check says, by tensor."""
    found, _ = with_gradient(scenario(text, **options))
    return {check.tensor: check for check in check_gradients(found)}
