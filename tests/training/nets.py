"""Scenarios for the tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from running import write
from texts import classifier, layer

#: The article's network, few epochs.
ARTICLE = f"""
title = "The article's network"
[input]
digit = 3
[data]
source = "digits"
shuffle = false
[[layers]]
type = "conv2d"
name = "conv1"
filters = 4
size = 3
bias = "none"
frozen = true
init = {{ normal = 0.1 }}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{classifier(10, target=3)}
[training]
optimizer = "sgd"
rate = 0.01
batch = 1
epochs = 2
"""

#: Batch norm, dropout, Adam, a last batch that is smaller, shifts, a schedule.
EVERYTHING = f"""
title = "A little of everything"
seed = 5
[input]
digit = 3
[data]
source = "digits"
classes = [0, 3, 5]
shift = 1
[[layers]]
type = "conv2d"
name = "conv1"
filters = 4
size = 3
padding = 1
bias = "none"                # batch norm takes any bias away again
init = "he"
{layer("batch_norm2d", "norm")}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{layer("flatten", "flat")}
{layer("dropout", "drop", rate=0.25)}
{layer("dense", "fc", units=3)}
[loss]
type = "softmax_cross_entropy"
target = 0
[training]
optimizer = "adam"
rate = 0.01
weight_decay = 0.001
batch = 32
epochs = 4
schedule = "cosine"
warm_up = 0.5
"""

#: Two classes of pictures of 4x4, for `bright`.
TINY = f"""
title = "Small pictures"
[input]
random = [1, 4, 4]
[data]
source = "pictures.npz"
shift = 1
{layer("conv2d", "conv1", filters=2, size=3, padding=1)}
{layer("relu", "relu1")}
{layer("max_pool2d", "pool1", size=2)}
{classifier(2, target=0)}
[training]
optimizer = "adam"
rate = 0.02
batch = 4
epochs = 3
schedule = "cosine"
warm_up = 1
"""


def bright(folder: Path, text: str = TINY) -> Path:
    """The scenario `text` with its pictures: bright above, or bright below.

    Six to train with are a batch of four and a half.
    """
    stream = np.random.default_rng(2)
    classes = np.arange(10) % 2
    pictures = stream.random((10, 4, 4), np.float32) / 2
    for picture, number in zip(pictures, classes, strict=True):
        picture[2 * number : 2 * number + 2] += 0.5
    np.savez(
        folder / "pictures.npz",
        x_train=pictures[:6], y_train=classes[:6], x_test=pictures[6:], y_test=classes[6:],
    )  # fmt: skip
    return write(folder / "net.toml", text)
