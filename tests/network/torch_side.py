"""A network and its gradients in torch, rebuilt from the keys of its layers, beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from networks import network, sound
from strategies import both, four_sides

from cnnsim.network.graph import INPUT, Network
from cnnsim.network.iteration import Iteration
from cnnsim.network.loss import losses
from cnnsim.stepper.values import Values

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional

Array = np.ndarray[Any, Any]
Entry = dict[str, Any]


# --- torch's side -------------------------------------------------------------------------------


def padded(x: Any, entry: Entry, kernel: Sequence[int], fill: float = 0.0) -> Any:
    top, left, bottom, right = four_sides(
        {"stride": 1, "dilation": 1, "mode": "", **entry}, x.shape[2:], kernel
    )
    return F.pad(x, (left, right, top, bottom), value=fill)


def convolve(entry: Entry, x: Any, leaf: Mapping[str, Any]) -> Any:
    w, b = leaf["w"], leaf.get("b")
    if entry.get("mode") == "convolution":
        w = w.flip(2, 3)
    strides, dilations = both(entry.get("stride", 1)), both(entry.get("dilation", 1))
    x = padded(x, {"padding": "valid", **entry}, w.shape[2:])
    y = F.conv2d(x, w, stride=strides, dilation=dilations, groups=entry.get("groups", 1))
    if b is None:
        return y
    return y + (b.reshape(-1, 1, 1) if b.ndim == 1 else b)


def pool(entry: Entry, x: Any) -> Any:
    """Symmetric padding is torch's own; padding of four sides is put on before."""
    size = both(entry["size"])
    stride = both(entry.get("stride", entry["size"]))
    padding = entry.get("padding", 0)
    ceil = entry.get("ceil_mode", False)
    largest = entry["type"] == "max_pool2d"
    if isinstance(padding, list) and len(padding) == 4:
        x = padded(x, entry, size, -np.inf if largest else 0.0)
        padding = 0
    if largest:
        dilation = both(entry.get("dilation", 1))
        return F.max_pool2d(x, size, stride, both(padding), dilation, ceil)
    return F.avg_pool2d(x, size, stride, both(padding), ceil, entry.get("count_include_pad", True))


def normalise(entry: Entry, x: Any, leaf: Mapping[str, Any], training: bool) -> Any:
    epsilon = entry.get("epsilon", 1e-5)
    stored = (None, None) if training else (leaf["mean"], leaf["variance"])
    return F.batch_norm(x, *stored, leaf["w"], leaf["b"], training, eps=epsilon)


def apply(entry: Entry, inputs: Sequence[Any], leaf: Mapping[str, Any], training: bool) -> Any:
    (x, *_) = inputs
    match entry["type"]:
        case "conv2d":
            return convolve(entry, x, leaf)
        case "dense":
            return F.linear(x, leaf["w"], leaf.get("b"))
        case "max_pool2d" | "avg_pool2d":
            return pool(entry, x)
        case "batch_norm2d":
            return normalise(entry, x, leaf, training)
        case "dropout":
            return x * leaf["mask"] if training else x
        case "relu":
            return torch.relu(x)
        case "leaky_relu":
            return F.leaky_relu(x, entry.get("slope", 0.01))
        case "sigmoid":
            return torch.sigmoid(x)
        case "tanh":
            return torch.tanh(x)
        case "softmax":
            return torch.softmax(x, dim=1)
        case "flatten":
            return x.flatten(1)
        case "reshape":
            return x.reshape(len(x), *entry["shape"])
        case "add":
            return sum(inputs[1:], start=x)
    raise AssertionError(entry["type"])


def torch_loss(kind: str, y: Any, target: Array) -> Any:
    wanted = torch.tensor(target)
    if kind == "softmax_cross_entropy":
        classes = wanted.long() if target.ndim < 2 else wanted
        return F.cross_entropy(y, classes)
    if kind == "binary_cross_entropy":
        return F.binary_cross_entropy(y, wanted)
    return F.mse_loss(y, wanted)


# --- both sides ---------------------------------------------------------------------------------


def written_gradients(iteration: Iteration) -> dict[str, str]:
    """By leaf, the tensor with its gradient."""
    net = iteration.network
    written = {sweep.writes for sweep in iteration.sweeps}
    found = {}
    for name, parameter in net.parameters.items():
        layer, _, role = name.rpartition(".")
        if parameter.counts:
            assert f"{layer}.d{role}" in written
            found[name] = f"{layer}.d{role}"
    backs = [
        back
        for layer in net.layers
        for source, back in zip(
            net.places[layer.name].tensors,
            layer.input_gradients(net.places[layer.name]),
            strict=True,
        )
        if source == INPUT
    ]
    found[INPUT] = f"{INPUT}.dy" if len(backs) > 1 else backs[0]
    return found


def close(ours: Array, theirs: Any, name: str, scale: float = 0.0) -> None:
    """1e-9, relative to each entry or to a hundredth of the largest, here or in the network."""
    other = theirs.detach().numpy()
    assert ours.shape == other.shape, name
    scale = max(scale, float(np.abs(other).max(initial=0.0)))
    np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-11 * scale, err_msg=name)


def compare(
    entries: Sequence[Entry],
    x: Array,
    rng: np.random.Generator,
    training: bool = False,
    loss: tuple[str, Any] | None = None,
) -> None:
    """Every output and every gradient, for a drawn output gradient or a loss."""
    net = sound(network(*entries, shape=x.shape[1:], batch=len(x), training=training, seed=7))
    last = net.layers[-1].name
    if loss is None:
        given = {last: np.asarray(rng.standard_normal(net.places[last].cells))}
        iteration = Iteration(net, given=given)
    else:
        kind = losses()[loss[0]].model_validate({"type": loss[0], "target": loss[1]})
        iteration = Iteration(net, kind)
    leaves = drawn(net, rng) | {INPUT: x}
    values = Values(iteration.sweeps, leaves | iteration.given_tensors)

    # Whatever strides ours has, torch gets it in one piece.
    tensors = {name: torch.tensor(np.ascontiguousarray(leaf)) for name, leaf in leaves.items()}
    gradients = written_gradients(iteration)
    for name in gradients:
        tensors[name].requires_grad_(True)
    for entry in entries:
        layer = net.by_name[entry.get("name", entry["type"])]
        place = net.places[layer.name]
        leaf = {name.rpartition(".")[2]: tensors[name] for name in tensors if owns(layer, name)}
        inputs = [tensors[name] for name in place.tensors]
        tensors[f"{layer.name}.y"] = apply(entry, inputs, leaf, training)
        close(values[f"{layer.name}.y"], tensors[f"{layer.name}.y"], f"{layer.name}.y")
    output = tensors[f"{last}.y"]
    if loss is None:
        output.backward(torch.tensor(given[last]))
    else:
        value = torch_loss(loss[0], output, np.asarray(loss[1]))
        close(values["loss"], value, "loss")
        value.backward()
    # A bias before a batch norm has no influence: its gradient is the rounding of larger ones.
    scale = max(float(tensors[name].grad.abs().max()) for name in gradients)
    for name, gradient in gradients.items():
        close(values[gradient], tensors[name].grad, gradient, scale)


def owns(layer: Any, name: str) -> bool:
    return name.rpartition(".")[0] == layer.name and not name.endswith(".y")


def drawn(net: Network, rng: np.random.Generator) -> dict[str, Array]:
    """Parameters as given in the entries, else normal; a stored variance is positive."""
    found: dict[str, Array] = {}
    for name, parameter in net.parameters.items():
        values = rng.standard_normal(parameter.shape) / np.sqrt(parameter.fan_in)
        if name.endswith(".variance"):
            values = np.abs(values) + 0.1
        if parameter.values is not None:
            values = np.broadcast_to(parameter.values, parameter.shape)
        found[name] = np.array(values, np.float64)
    for name, constant in net.constants.items():
        found[name] = constant.draw(net.seed, name)
    return found
