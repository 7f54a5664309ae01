"""The activations that kernels take along, and their slopes, from the output, in float32."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from numba import cuda, float32

from cnnsim.kernels.cuda.jit import Kernel, device, grid
from cnnsim.kernels.cuda.loads import ld1, st1
from cnnsim.network.kinds.leaky_relu import LeakyRelu
from cnnsim.network.kinds.relu import Relu
from cnnsim.network.kinds.sigmoid import Sigmoid
from cnnsim.network.kinds.tanh import Tanh
from cnnsim.network.layer import Layer

#: The kinds that have one; each grows with its input, so a pool may choose before it.
ACTIVATIONS = (Relu, LeakyRelu, Sigmoid, Tanh)


class Activation(NamedTuple):
    """A function and its slope, both for kernels to call: ``apply(x)`` and ``slope(y)``."""

    apply: Callable[[Any], Any]
    slope: Callable[[Any], Any]


@device
def _same(x: Any) -> Any:
    return x


@device
def _one(y: Any) -> Any:
    return float32(1.0)


@device
def _relu(x: Any) -> Any:
    # NaN stays NaN, and what is too small for a float does not become one.
    return float32(0.0) if x <= float32(0.0) else x


@device
def _sigmoid(x: Any) -> Any:
    # Beyond, the exponential is infinite, which Python's, in the simulator, refuses to be.
    if x < float32(-89.0):
        return float32(0.0)
    return float32(1.0) / (float32(1.0) + math.exp(-x))


@device
def _sigmoid_slope(y: Any) -> Any:
    return y * (float32(1.0) - y)


@device
def _tanh(x: Any) -> Any:
    return math.tanh(x)


@device
def _tanh_slope(y: Any) -> Any:
    return float32(1.0) - y * y


#: No activation.
NONE = Activation(_same, _one)


def _rectifier(below: float) -> Activation:
    """ReLU, or with a slope `below` 0 the leaky one."""

    @device
    def apply(x: Any) -> Any:
        # NaN stays NaN.
        return float32(below) * x if x <= float32(0.0) else x

    @device
    def slope(y: Any) -> Any:
        return float32(1.0) if y > float32(0.0) else float32(below)

    return Activation(apply, slope)


def activation_of(layer: Layer) -> Activation:
    """That of a layer of one of the `ACTIVATIONS`."""
    if isinstance(layer, Relu):
        return _rectifier(0.0)._replace(apply=_relu)
    if isinstance(layer, LeakyRelu):
        return _rectifier(layer.slope)
    if isinstance(layer, Sigmoid):
        return Activation(_sigmoid, _sigmoid_slope)
    assert isinstance(layer, Tanh)
    return Activation(_tanh, _tanh_slope)


def slopes(activation: Activation, count: int, y: int, dy: int, dz: int, name: str) -> Kernel:
    """The kernel that fills `count` numbers at `dz`: the gradient times the activation's slope."""
    slope = activation.slope

    def fill(arena: Any) -> None:
        for number in range(cuda.grid(1), count, cuda.gridsize(1)):
            st1(arena, dz + number, ld1(arena, dy + number) * slope(ld1(arena, y + number)))

    return Kernel(fill, *grid(count), name=name)
