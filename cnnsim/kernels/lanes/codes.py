"""The numbers that stand for things in a plan."""

from __future__ import annotations

#: The kinds of operations.
CONVOLUTION, DENSE, POOL, ACTIVATION, DROPOUT, BIAS = range(6)
#: The activations.
NONE, RELU, LEAKY_RELU, SIGMOID, TANH = range(5)
#: The losses.
SOFTMAX_CROSS_ENTROPY, BINARY_CROSS_ENTROPY, MEAN_SQUARED_ERROR = range(3)
#: The optimisers.
SGD, MOMENTUM, NESTEROV, ADAM = range(4)
