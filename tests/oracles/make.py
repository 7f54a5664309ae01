"""Make layers.npz: small layers, their inputs, and what torch and SciPy say about them.

Run ``python tests/oracles/make.py`` with torch and scipy installed. ``cases`` in the file is JSON:
for each case the layer's keys, whether the network trains, and which arrays belong to it; an array
``3.x`` is the input of case 3, ``3.kernel`` a key of its layer, ``3.y`` what must come out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import signal

F = torch.nn.functional
rng = np.random.Generator(np.random.PCG64(20240229))
cases: list[dict[str, Any]] = []
arrays: dict[str, np.ndarray[Any, Any]] = {}


def add(
    entry: dict[str, Any],
    x: Any,
    given: dict[str, Any],
    expected: dict[str, Any],
    training: bool = False,
) -> None:
    """One case: `given` are arrays among the layer's keys, `expected` the tensors that follow."""
    number = len(cases)
    cases.append({"entry": entry, "training": training, "given": [*given], "expected": [*expected]})
    for key, array in {"x": x, **given, **expected}.items():
        arrays[f"{number}.{key}"] = np.asarray(array)


def convolution(
    batch: int, maps: tuple[int, int], plane: tuple[int, int], kernel: tuple[int, int], **keys: Any
) -> None:
    """A convolution with its three gradients for a random output gradient."""
    groups = keys.get("groups", 1)
    stride, dilation = keys.get("stride", [1, 1]), keys.get("dilation", [1, 1])
    x = torch.tensor(rng.standard_normal((batch, maps[0], *plane)), requires_grad=True)
    w = torch.tensor(rng.standard_normal((maps[1], maps[0] // groups, *kernel)), requires_grad=True)
    b = torch.tensor(rng.standard_normal(maps[1]), requires_grad=True)
    top, left, bottom, right = keys.get("padding", [0, 0, 0, 0])
    turned = w.flip(2, 3) if keys.get("mode") == "convolution" else w
    padded = F.pad(x, (left, right, top, bottom))
    y = F.conv2d(padded, turned, b, stride, dilation=dilation, groups=groups)
    dy = torch.tensor(rng.standard_normal(tuple(y.shape)))
    y.backward(dy)
    add(
        {"type": "conv2d", **keys},
        x.detach(),
        {"kernel": w.detach(), "bias": b.detach()},
        {"y": y.detach()},
    )
    for name, array in {"dy": dy, "dx": x.grad, "dw": w.grad, "db": b.grad}.items():
        arrays[f"{len(cases) - 1}.{name}"] = array.numpy()


def make() -> None:
    """Fill `cases` and `arrays`."""
    convolution(1, (1, 1), (5, 6), (3, 2))
    convolution(2, (2, 3), (6, 7), (3, 3), stride=[2, 1], padding=[1, 0, 2, 1])
    convolution(1, (2, 2), (7, 6), (2, 3), dilation=[2, 1], padding=[1, 1, 1, 1])
    convolution(2, (4, 6), (5, 5), (3, 3), groups=2, padding=[1, 1, 1, 1])
    convolution(1, (3, 3), (8, 8), (3, 3), groups=3, stride=[3, 3], dilation=[2, 2])
    convolution(1, (2, 2), (5, 4), (3, 2), mode="convolution", padding=[2, 1, 0, 1])
    for mode, function in (
        ("cross_correlation", signal.correlate2d),
        ("convolution", signal.convolve2d),
    ):
        for padding in ("valid", "same", "full"):
            x, kernel = rng.standard_normal((5, 6)), rng.standard_normal((3, 3))
            y = function(x, kernel, mode=padding)
            entry = {"type": "conv2d", "padding": padding, "mode": mode}
            add(entry, x[None, None], {"kernel": kernel}, {"y": y[None, None]})

    ties = rng.integers(0, 3, (2, 2, 7, 6)).astype(np.float64)
    for keys in (
        {"size": 2},
        {"size": [3, 2], "stride": [2, 1], "padding": [1, 1]},
        {"size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"size": 2, "stride": 1, "dilation": [2, 3]},
        {"size": 3, "stride": 2, "ceil_mode": True},
    ):
        options = {"kernel_size": keys["size"], **keys}
        options.pop("size")
        largest, winner = F.max_pool2d(torch.tensor(ties), return_indices=True, **options)
        expected = {"y": largest, "winner": winner.double()}
        add({"type": "max_pool2d", **keys}, ties, {}, expected)

    x = rng.standard_normal((2, 2, 7, 6))
    for keys in (
        {"size": 2},
        {"size": [3, 2], "stride": [2, 1], "padding": [1, 1]},
        {"size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
        {"size": 4, "stride": 3, "padding": 2, "count_include_pad": False},
    ):
        options = {"kernel_size": keys["size"], **keys}
        options.pop("size")
        add({"type": "avg_pool2d", **keys}, x, {}, {"y": F.avg_pool2d(torch.tensor(x), **options)})

    x = rng.standard_normal((3, 2, 4, 3)) * 2 + 1
    mean, shift, scale = (rng.standard_normal(2) for _ in range(3))
    variance = rng.random(2)
    pixels = torch.tensor(x)
    tensors = [torch.tensor(array) for array in (mean, variance, scale, shift)]
    add(
        {"type": "batch_norm2d", "epsilon": 1e-3},
        x,
        {"mean": mean, "variance": variance, "scale": scale, "shift": shift},
        {"y": F.batch_norm(pixels, *tensors, training=False, eps=1e-3)},
    )
    spread, middle = torch.var_mean(pixels, dim=(0, 2, 3), correction=0)
    add(
        {"type": "batch_norm2d"},
        x,
        {"scale": scale, "shift": shift},
        {
            "batch_mean": middle,
            "batch_variance": spread,
            "normalised": F.batch_norm(pixels, None, None, training=True),
            "y": F.batch_norm(pixels, None, None, tensors[2], tensors[3], training=True),
        },
        training=True,
    )
    for x in (
        rng.standard_normal((2, 5)),
        rng.standard_normal((2, 4)) * 1e4,
        rng.standard_normal((2, 3, 2, 2)) * 30,
    ):
        add({"type": "softmax"}, x, {}, {"y": torch.softmax(torch.tensor(x), dim=1)})
    for kind, function in (
        ("relu", torch.relu),
        ("leaky_relu", F.leaky_relu),
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
    ):
        x = rng.standard_normal((2, 9)) * 5
        add({"type": kind}, x, {}, {"y": function(torch.tensor(x))})
    x, w, b = rng.standard_normal((3, 7)), rng.standard_normal((4, 7)), rng.standard_normal(4)
    y = F.linear(*(torch.tensor(array) for array in (x, w, b)))
    add({"type": "dense"}, x, {"weights": w, "bias": b}, {"y": y})


if __name__ == "__main__":
    make()
    file = Path(__file__).with_name("layers.npz")
    np.savez_compressed(file, cases=np.array(json.dumps(cases)), **arrays)
    print(f"{len(cases)} cases, {file.stat().st_size:,} bytes")
