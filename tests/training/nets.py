"""Scenarios for the tests of training."""

from __future__ import annotations

#: The article's network, few epochs.
ARTICLE = """
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
init = { normal = 0.1 }
[[layers]]
type = "relu"
name = "relu1"
[[layers]]
type = "max_pool2d"
name = "pool1"
size = 2
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dense"
name = "fc"
units = 10
[loss]
type = "softmax_cross_entropy"
target = 3
[training]
optimizer = "sgd"
rate = 0.01
batch = 1
epochs = 2
"""

#: Batch norm, dropout, Adam, a last batch that is smaller, shifts, a schedule.
EVERYTHING = """
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
[[layers]]
type = "batch_norm2d"
name = "norm"
[[layers]]
type = "relu"
name = "relu1"
[[layers]]
type = "max_pool2d"
name = "pool1"
size = 2
[[layers]]
type = "flatten"
name = "flat"
[[layers]]
type = "dropout"
name = "drop"
rate = 0.25
[[layers]]
type = "dense"
name = "fc"
units = 3
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
