"""A network as a chain of operations; or why it is none that the lanes take."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.lanes import codes
from cnnsim.kernels.lanes.codes import ACTIVATION, BIAS, CONVOLUTION, DENSE, DROPOUT, POOL
from cnnsim.kernels.lanes.plan import Step, elements
from cnnsim.kernels.lanes.rule import has_rule
from cnnsim.network.iteration import Iteration
from cnnsim.network.kinds.avg_pool2d import AvgPool2d
from cnnsim.network.kinds.binary_cross_entropy import BinaryCrossEntropy
from cnnsim.network.kinds.conv2d import Conv2d
from cnnsim.network.kinds.dense import Dense
from cnnsim.network.kinds.dropout import Dropout
from cnnsim.network.kinds.flatten import Flatten
from cnnsim.network.kinds.leaky_relu import LeakyRelu
from cnnsim.network.kinds.max_pool2d import MaxPool2d
from cnnsim.network.kinds.mean_squared_error import MeanSquaredError
from cnnsim.network.kinds.relu import Relu
from cnnsim.network.kinds.reshape import Reshape
from cnnsim.network.kinds.sigmoid import Sigmoid
from cnnsim.network.kinds.softmax_cross_entropy import SoftmaxCrossEntropy
from cnnsim.network.kinds.tanh import Tanh
from cnnsim.network.layer import Layer, Place, Shape
from cnnsim.network.mask import threshold

Integers = npt.NDArray[np.int64]

_ACTIVATIONS: dict[type[Layer], int] = {
    Relu: codes.RELU,
    LeakyRelu: codes.LEAKY_RELU,
    Sigmoid: codes.SIGMOID,
    Tanh: codes.TANH,
}
#: The losses by number.
LOSSES: dict[type[Any], int] = {
    SoftmaxCrossEntropy: codes.SOFTMAX_CROSS_ENTROPY,
    BinaryCrossEntropy: codes.BINARY_CROSS_ENTROPY,
    MeanSquaredError: codes.MEAN_SQUARED_ERROR,
}


class Chain(NamedTuple):
    """The operations, and the order of what goes in and comes out.

    Attributes:
        steps: the operations.
        inputs: for each element of the first x, which number of a sample it is.
        outputs: for each element of the last y, which number of the output it is.
    """

    steps: tuple[Step, ...]
    inputs: Integers
    outputs: Integers

    @property
    def first_trained(self) -> int:
        """The first operation whose weights are trained: gradients go no further back."""
        return min(number for number, step in enumerate(self.steps) if step.trained)

    @property
    def goes_singly(self) -> bool:
        """Whether samples can be trained one by one."""
        first = self.first_trained
        kinds = {step.kind for step in self.steps[first:]}
        return kinds <= {CONVOLUTION, DENSE, BIAS} and not any(
            step.kind == DROPOUT for step in self.steps[:first]
        )

    @property
    def dropouts(self) -> tuple[str, ...]:
        """The layers that drop values, in order."""
        return tuple(step.layer for step in self.steps if step.kind == DROPOUT)


class Refused(Exception):
    """The lanes do not take this network; the message says why."""


def chain_of(iteration: Iteration) -> Chain:
    """The operations of a network, activations and 2x2 pools joined to what they follow.

    Raises Refused.
    """
    if iteration.loss is None:
        raise Refused("nothing is trained without a [loss]")
    if type(iteration.loss) not in LOSSES:
        raise Refused(f"the loss {iteration.loss.type} has no fast kernel")
    if not has_rule(iteration.optimizer):
        raise Refused("nothing is trained without an optimiser that has a fast kernel")
    network = iteration.network
    trained = {slot.layer for slot in iteration.slots}
    if not trained:
        raise Refused("every layer is frozen, or there are none with parameters")
    steps: list[Step] = []
    shape, order = network.input_shape, np.arange(np.prod(network.input_shape), dtype=np.int64)
    if len(shape) == 3:
        order = as_laid_out(shape)
    inputs = order
    above = "input"
    for layer in network.layers:
        place = network.places[layer.name]
        if place.tensors != (above,):
            raise Refused(f"{layer.name} does not read just the layer above it")
        above = f"{layer.name}.y"
        shape = place.output
        if isinstance(layer, Flatten | Reshape):
            if not steps:
                inputs = order = as_laid_out(shape) if len(shape) == 3 else np.arange(order.size)
            elif len(shape) == 3 and not np.array_equal(order, as_laid_out(shape)):
                raise Refused(f"{layer.name} makes maps of numbers that lie in another order")
            elif len(shape) == 3:
                # A copy, for the maps may want a border.
                steps.append(Step(ACTIVATION, layer.name, elements(shape), elements(shape)))
            continue
        step = _step(layer, place, layer.name in trained)
        if isinstance(layer, Dense | Dropout):
            step.order = order
        if isinstance(layer, Dense):
            order = np.arange(shape[0], dtype=np.int64)
        elif len(shape) == 3:
            order = as_laid_out(shape)
        if not (steps and _join(steps[-1], step, layer)):
            steps.append(step)
        if isinstance(layer, Conv2d) and layer.bias_kind == "untied":
            # Trained where the convolution is, so never the first one that is.
            maps = elements(shape)
            steps.append(Step(BIAS, layer.name, maps, maps, trained=step.trained, order=order))
    first = min(number for number, step in enumerate(steps) if step.trained)
    for step in steps[first + 1 :]:
        w = step.window
        if step.kind == CONVOLUTION and w is not None and (w.stride_h, w.stride_w) != (1, 1):
            raise Refused(f"{step.layer} has a stride, and its input's gradient is wanted")
    return Chain(tuple(steps), inputs, order)


def as_laid_out(shape: Shape) -> Integers:
    """For each element in the order [height][width][channels], its number in [c][h][w]."""
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape).transpose(1, 2, 0).ravel()


def _step(layer: Layer, place: Place, trained: bool) -> Step:
    """The operation of one layer. Raises Refused."""
    x, y = elements(place.inputs[0]), elements(place.output)
    if isinstance(layer, Conv2d):
        window = layer.window(place.inputs[0])
        if layer.groups > 1:
            raise Refused(f"{layer.name} has groups")
        if (window.dilation_h, window.dilation_w) != (1, 1):
            raise Refused(f"{layer.name} is dilated")
        before, after = (window.top, window.left), (window.bottom, window.right)
        kernel = (window.kernel_h, window.kernel_w)
        if any(max(a, b) >= k for a, b, k in zip(before, after, kernel, strict=True)):
            raise Refused(f"{layer.name} has more padding than its kernel reaches over")
        return Step(
            CONVOLUTION, layer.name, x, y, window=window, trained=trained,
            has_bias=layer.bias_kind == "tied", turned=layer.mode == "convolution",
        )  # fmt: skip
    if isinstance(layer, Dense):
        has_bias = "b" in layer.parameters(place.inputs)
        return Step(DENSE, layer.name, x, y, has_bias=has_bias, trained=trained)
    if isinstance(layer, MaxPool2d | AvgPool2d):
        window = layer.window(place.inputs[0])
        if (window.dilation_h, window.dilation_w) != (1, 1):
            raise Refused(f"{layer.name} is dilated")
        averages = isinstance(layer, AvgPool2d)
        includes = not isinstance(layer, AvgPool2d) or layer.count_include_pad
        return Step(
            POOL, layer.name, x, y, window=window, averages=averages, includes_padding=includes
        )
    if isinstance(layer, Dropout):
        scale = 1 / (1 - layer.rate)
        return Step(DROPOUT, layer.name, x, y, slope=scale, least=threshold(layer.rate))
    if type(layer) in _ACTIVATIONS:
        slope = layer.slope if isinstance(layer, LeakyRelu) else 0.0
        kind = _ACTIVATIONS[type(layer)]
        return Step(ACTIVATION, layer.name, x, y, activation=kind, slope=slope)
    raise Refused(f"{layer.name} is of a kind, {layer.type}, that has no fast kernel")


def _join(above: Step, step: Step, layer: Layer) -> bool:
    """Let the operation above do this one too, where it can."""
    if step.kind == ACTIVATION and above.kind in (CONVOLUTION, DENSE, BIAS):
        if above.activation == codes.NONE:
            above.activation, above.slope = step.activation, step.slope
            return True
    elif step.kind == POOL and above.kind == CONVOLUTION and not above.pools:
        window = step.window
        assert window is not None
        # Every activation grows with its input: the largest may be found before it.
        if window.is_halving and not step.averages:
            above.pools, above.y = True, step.y
            return True
    return False
