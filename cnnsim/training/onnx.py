"""A network with its weights as an ONNX model, for inference elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnsim.errors import CnnsimError, ShapeError, UsageError
from cnnsim.network.graph import INPUT, Network
from cnnsim.network.layer import Layer, Place
from cnnsim.training.checkpoint import Tensors, file_names
from cnnsim.training.export import as_elsewhere

#: The operator set that the model asks for; and from which on pools that round up begin their last
#: window within the picture, as here.
_OPSET, _ROUNDS_UP = 17, 22


def to_onnx(network: Network, tensors: Tensors) -> bytes:
    """The model, batch size open. Raises CnnsimError without the onnx package, UsageError for a
    kind of layer that has no counterpart.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise CnnsimError(
            "the onnx package is not installed", 'pip install "cnnsim[onnx]" brings it'
        ) from None
    graph = _Graph(network, tensors)
    for layer in network.layers:
        graph.add(layer)
    last = network.places[network.layers[-1].name]
    info = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "cnnsim",
            [info(INPUT, TensorProto.FLOAT, ["n", *network.input_shape])],
            [info(last.tensor("y"), TensorProto.FLOAT, ["n", *last.output])],
            graph.stored,
        ),
        opset_imports=[helper.make_opsetid("", graph.opset)],
        producer_name="cnnsim",
        ir_version=8,
    )
    checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


class _Graph:
    """The nodes and the stored tensors so far."""

    def __init__(self, network: Network, tensors: Tensors) -> None:
        self._network = network
        self._tensors = as_elsewhere(network, tensors)
        self._names = file_names(network)
        self.nodes: list[Any] = []
        self.stored: list[Any] = []
        self.opset = _OPSET

    def add(self, layer: Layer) -> None:
        """Add the nodes of one layer."""
        make = _KINDS.get(layer.type)
        if make is None:
            raise UsageError(
                f"{layer.name}: a {layer.type} has no counterpart in ONNX here",
                f"these have: {', '.join(_KINDS)}",
            )
        make(self, layer, self._network.places[layer.name])

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        """Add one node."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    def store(self, name: str, values: Any) -> str:
        """Keep an array in the model; its name there."""
        from onnx import numpy_helper

        self.stored.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def has(self, name: str) -> bool:
        """Whether the network has parameter `name`."""
        return name in self._network.parameters

    def parameter(self, name: str) -> str:
        """Keep a parameter under its name in PyTorch."""
        return self.store(self._names[name], self._tensors[name].astype(np.float32))


_Make = Callable[[_Graph, Any, Place], None]


def _conv2d(graph: _Graph, layer: Any, place: Place) -> None:
    window = layer.window(place.inputs[0])
    inputs = [place.tensors[0], graph.parameter(place.tensor("w"))]
    untied = layer.bias_kind == "untied"
    if layer.bias_kind == "tied":
        inputs.append(graph.parameter(place.tensor("b")))
    product = place.tensor("products") if untied else place.tensor("y")
    graph.node(
        "Conv",
        inputs,
        product,
        kernel_shape=[window.kernel_h, window.kernel_w],
        strides=[window.stride_h, window.stride_w],
        dilations=[window.dilation_h, window.dilation_w],
        pads=[window.top, window.left, window.bottom, window.right],
        group=layer.groups,
    )
    if untied:
        graph.node("Add", [product, graph.parameter(place.tensor("b"))], place.tensor("y"))


def _dense(graph: _Graph, layer: Any, place: Place) -> None:
    inputs = [place.tensors[0], graph.parameter(place.tensor("w"))]
    if graph.has(place.tensor("b")):
        inputs.append(graph.parameter(place.tensor("b")))
    graph.node("Gemm", inputs, place.tensor("y"), transB=1)


def _pool(kind: str) -> _Make:
    def make(graph: _Graph, layer: Any, place: Place) -> None:
        window = layer.window(place.inputs[0])
        shared: dict[str, Any] = {
            "kernel_shape": [window.kernel_h, window.kernel_w],
            "strides": [window.stride_h, window.stride_w],
            "pads": [window.top, window.left, window.bottom, window.right],
            "ceil_mode": int(_rounds_up(layer, place)),
        }
        if shared["ceil_mode"]:
            graph.opset = _ROUNDS_UP
        if kind == "MaxPool":
            shared["dilations"] = [window.dilation_h, window.dilation_w]
        else:
            shared["count_include_pad"] = int(layer.count_include_pad)
        graph.node(kind, [place.tensors[0]], place.tensor("y"), **shared)

    return make


def _rounds_up(layer: Any, place: Place) -> bool:
    """Whether the pool is another one, or none at all, where it rounds down."""
    shape = place.inputs[0]
    down = layer.model_copy(update={"ceil_mode": False})
    try:
        return bool(down.window(shape) != layer.window(shape))
    except ShapeError:
        return True


def _batch_norm2d(graph: _Graph, layer: Any, place: Place) -> None:
    roles = ("w", "b", "mean", "variance")
    inputs = [place.tensors[0], *(graph.parameter(place.tensor(role)) for role in roles)]
    graph.node("BatchNormalization", inputs, place.tensor("y"), epsilon=layer.epsilon)


def _simple(kind: str, **attributes: Any) -> _Make:
    def make(graph: _Graph, layer: Any, place: Place) -> None:
        graph.node(kind, list(place.tensors), place.tensor("y"), **attributes)

    return make


def _leaky_relu(graph: _Graph, layer: Any, place: Place) -> None:
    graph.node("LeakyRelu", [place.tensors[0]], place.tensor("y"), alpha=layer.slope)


def _reshape(graph: _Graph, layer: Any, place: Place) -> None:
    shape = graph.store(place.tensor("shape"), np.array([-1, *place.output], np.int64))
    graph.node("Reshape", [place.tensors[0], shape], place.tensor("y"))


_KINDS: dict[str, _Make] = {
    "conv2d": _conv2d,
    "dense": _dense,
    "max_pool2d": _pool("MaxPool"),
    "avg_pool2d": _pool("AveragePool"),
    "batch_norm2d": _batch_norm2d,
    "relu": _simple("Relu"),
    "leaky_relu": _leaky_relu,
    "sigmoid": _simple("Sigmoid"),
    "tanh": _simple("Tanh"),
    # Of maps, over the channels; of a row, over its numbers: axis 1 both times.
    "softmax": _simple("Softmax", axis=1),
    "flatten": _simple("Flatten", axis=1),
    "reshape": _reshape,
    "dropout": _simple("Identity"),
    "add": _simple("Sum"),
}
