"""The gradients of a text, checked; a small network to begin with."""

from __future__ import annotations

from typing import Any

from networks import scenario
from texts import classifier, layer

from cnnsim.stepper.gradcheck import GradientCheck, check_gradients, with_gradient

#: A small network that is trained; its numbers are drawn.
NET = f"""
seed = 3
[input]
random = [1, 6, 6]
{layer("conv2d", "conv1", filters=2, size=3)}
{layer("tanh", "tanh1")}
{classifier(2, target=1)}
[training]
optimizer = "sgd"
rate = 0.1
iterations = 30
"""


def checks(text: str, **options: Any) -> dict[str, GradientCheck]:
    """What the gradient check says, by tensor."""
    found, _ = with_gradient(scenario(text, **options))
    return {check.tensor: check for check in check_gradients(found)}
