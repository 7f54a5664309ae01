"""Batch normalisation of maps: (x − mean) / √(variance + ε) · scale + shift, channel by channel.

In evaluation mean and variance are stored numbers and one sweep does it all. In training they come
from the batch: four sweeps, ``mean``, ``variance``, ``normalise`` and ``forward``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from cnnsim.errors import ShapeError
from cnnsim.network.fields import Numbers
from cnnsim.network.layer import Layer, Place, Shape, Why
from cnnsim.network.parameter import Parameter
from cnnsim.steps.sweep import ADD, Index, Read, Sweep, product


class Params(NamedTuple):
    """ε, and how many values of a channel the batch has."""

    epsilon: float
    values: int


class Running(NamedTuple):
    """How much of the new number is taken, and what the new one is enlarged by."""

    momentum: float
    correction: float


def evaluation_reads(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The value x and the four numbers of its channel."""
    channel = (cell[1],)
    return cell, channel, channel, channel, channel


def whole_channel(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """A value of the channel, anywhere in the batch."""
    return ((tap[0], cell[0], tap[1], tap[2]),)


def whole_channel_and_mean(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The same, and the channel's mean."""
    return (tap[0], cell[0], tap[1], tap[2]), cell


def value_and_channel(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """A value and two numbers of its channel."""
    return cell, (cell[1],), (cell[1],)


def evaluated(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The whole formula."""
    x, mean, variance, scale, shift = values
    return (x - mean) / np.sqrt(variance + p.epsilon) * scale + shift


def squared_distance(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(x − mean)²."""
    return (values[0] - values[1]) * (values[0] - values[1])


def normalised(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """(x − mean) / √(variance + ε)."""
    return (values[0] - values[1]) / np.sqrt(values[2] + p.epsilon)


def affine(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The value times scale + shift."""
    return values[0] * values[1] + values[2]


def channel_gradient_and_normal(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The gradient of a value of the channel and the normalised value: cell (o), tap (n, y, x)."""
    at = (tap[0], cell[0], tap[1], tap[2])
    return at, at


def channel_gradient_and_stored(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The gradient, the value itself, and the channel's stored mean and variance."""
    at = (tap[0], cell[0], tap[1], tap[2])
    return at, at, cell, cell


def batch_reads(cell: Index, tap: Index, p: Params) -> tuple[Index, ...]:
    """The gradient and the normalised value, and four numbers of the channel."""
    channel = (cell[1],)
    return cell, cell, channel, channel, channel, channel


def times_normal(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """Gradient times (x − mean) / √(variance + ε)."""
    dy, x, mean, variance = values
    return dy * ((x - mean) / np.sqrt(variance + p.epsilon))


def scaled(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """Gradient times scale / √(variance + ε)."""
    dy, scale, variance = values
    return dy * scale / np.sqrt(variance + p.epsilon)


def through_batch(values: tuple[Any, ...], cell: Index, tap: Index, p: Params) -> Any:
    """The mean and the variance depend on every value of the channel, hence dw and db."""
    dy, normal, scale, variance, dw, db = values
    share = (db + normal * dw) / p.values
    return (dy - share) * scale / np.sqrt(variance + p.epsilon)


def both_of_channel(cell: Index, tap: Index, p: Running) -> tuple[Index, ...]:
    """The stored number and the batch's."""
    return cell, cell


def moved(values: tuple[Any, ...], cell: Index, tap: Index, p: Running) -> Any:
    """(1 − momentum) · stored + momentum · correction · the batch's."""
    return (1.0 - p.momentum) * values[0] + p.momentum * (p.correction * values[1])


def divide(total: Any, cell: Index, p: Params) -> Any:
    """The mean over the channel."""
    return total / p.values


def count(cell: Index, p: Params) -> Any:
    """How many values of a channel the batch has."""
    return p.values


class BatchNorm2d(Layer):
    """Normalised maps: [c,h,w] to [c,h,w]."""

    type: Literal["batch_norm2d"]
    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-5
    mean: Numbers | None = Field(default=None, description="one for each channel; default: 0")
    variance: Numbers | None = Field(default=None, description="one for each channel; default: 1")
    scale: Numbers | None = Field(default=None, description="γ, one for each channel; default: 1")
    shift: Numbers | None = Field(default=None, description="β, one for each channel; default: 0")
    momentum: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="how much of the batch's mean and variance each update stores"
    )
    frozen: bool = Field(default=False, description="not trained: scale and shift stay")

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The shape of the input; every given list has one number for each channel."""
        channels, *_ = self.wants_map(inputs[0])
        for key in ("mean", "variance", "scale", "shift"):
            given = getattr(self, key)
            if given is not None and given.shape not in ((), (channels,)):
                raise ShapeError(
                    self.name, f"{key} should be {channels} numbers, one for each input map"
                )
        if self.variance is not None and (self.variance < 0).any():
            raise ShapeError(self.name, "variance holds a negative number")
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape]) -> dict[str, Parameter]:
        """The scale w and b (shift), and the stored mean and variance, which are not trained."""
        shape = inputs[0][:1]

        learned = partial(Parameter, shape, trained=not self.frozen)
        stored = partial(Parameter, shape, counts=False, trained=False)
        return {
            "w": learned(self.scale, "ones", torch_name="weight"),
            "b": learned(self.shift, "zeros", torch_name="bias"),
            "mean": stored(self.mean, "zeros", torch_name="running_mean"),
            "variance": stored(self.variance, "ones", torch_name="running_var"),
        }

    def sweeps(self, place: Place) -> list[Sweep]:
        """One sweep in evaluation; four in training."""
        source = Read(place.tensors[0])
        channels, height, width = place.output
        params = Params(self.epsilon, place.batch * height * width)
        scale, shift = Read(place.tensor("w")), Read(place.tensor("b"))
        over_maps: dict[str, Any] = {
            "layer": place.name,
            "cells": place.cells,
            "cell_axes": place.axes,
            "params": params,
        }
        if not place.training:
            mean, variance = Read(place.tensor("mean")), Read(place.tensor("variance"))
            return [
                Sweep(
                    name="forward",
                    writes=place.tensor("y"),
                    reads=(source, mean, variance, scale, shift),
                    where=evaluation_reads,
                    term=evaluated,
                    formula="({0} − {1})/√({2} + ε)·{3} + {4}",
                    **over_maps,
                )
            ]
        mean, variance = Read(place.tensor("batch_mean")), Read(place.tensor("batch_variance"))
        normal = Read(place.tensor("normalised"))
        over_channels: dict[str, Any] = {
            "layer": place.name,
            "cells": (channels,),
            "cell_axes": ("o",),
            "taps": (place.batch, height, width),
            "tap_axes": ("n", "y", "x"),
            "fold": ADD,
            "finish": divide,
            "divisor": count,
            "params": params,
        }
        return [
            Sweep(
                name="mean",
                writes=mean.tensor,
                reads=(source,),
                where=whole_channel,
                **over_channels,
            ),
            Sweep(
                name="variance",
                writes=variance.tensor,
                reads=(source, mean),
                where=whole_channel_and_mean,
                term=squared_distance,
                formula="({0} − {1})²",
                **over_channels,
            ),
            Sweep(
                name="normalise",
                writes=normal.tensor,
                reads=(source, mean, variance),
                where=value_and_channel,
                term=normalised,
                formula="({0} − {1})/√({2} + ε)",
                **over_maps,
            ),
            Sweep(
                name="forward",
                writes=place.tensor("y"),
                reads=(normal, scale, shift),
                where=value_and_channel,
                term=affine,
                formula="{0}·{1} + {2}",
                **over_maps,
            ),
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """``bias_grad`` (shift), ``kernel_grad`` (scale), ``input_grad``.

        In training the input's gradient needs both sums, so they are there for frozen layers too.
        """
        channels, height, width = place.output
        dy, source = Read(place.gradient), Read(place.tensors[0])
        scale = Read(place.tensor("w"))
        params = Params(self.epsilon, place.batch * height * width)
        sums: dict[str, Any] = {
            "layer": place.name,
            "cells": (channels,),
            "cell_axes": ("o",),
            "taps": (place.batch, height, width),
            "tap_axes": ("n", "y", "x"),
            "fold": ADD,
            "params": params,
        }
        found = []
        if place.training or not self.frozen:
            found.append(
                Sweep(
                    name="bias_grad",
                    writes=place.tensor("db"),
                    reads=(dy,),
                    where=whole_channel,
                    **sums,
                )
            )
            stored = (Read(place.tensor("mean")), Read(place.tensor("variance")))
            normal = Read(place.tensor("normalised"))
            found.append(
                Sweep(
                    name="kernel_grad",
                    writes=place.tensor("dw"),
                    reads=(dy, normal) if place.training else (dy, source, *stored),
                    where=channel_gradient_and_normal
                    if place.training
                    else channel_gradient_and_stored,
                    term=product if place.training else times_normal,
                    formula="{0}·{1}" if place.training else "{0}·(({1} − {2})/√({3} + ε))",
                    **sums,
                )
            )
        through: dict[str, Any] = {
            "reads": (dy, scale, Read(place.tensor("variance"))),
            "where": value_and_channel,
            "term": scaled,
            "formula": "{0}·{1}/√({2} + ε)",
        }
        if place.training:
            names = ("batch_variance", "dw", "db")
            numbers = tuple(Read(place.tensor(name)) for name in names)
            through = {
                "reads": (dy, Read(place.tensor("normalised")), scale, *numbers),
                "where": batch_reads,
                "term": through_batch,
                "formula": "({0} − ({5} + {1}·{4})/values)·{2}/√({3} + ε)",
            }
        found.append(
            Sweep(
                layer=place.name,
                name="input_grad",
                writes=place.tensor("dx"),
                cells=place.cells,
                cell_axes=place.axes,
                params=params,
                **through,
            )
        )
        return found

    def keep(self, place: Place) -> list[Sweep]:
        """``mean_update``, ``variance_update``: running means of what the batches had.

        As in PyTorch the variance that is stored is that of a sample, with n − 1 below.
        """
        channels, height, width = place.output
        count = place.batch * height * width
        corrections = {"mean": 1.0, "variance": count / max(count - 1, 1)}
        return [
            Sweep(
                layer=place.name,
                name=f"{role}_update",
                writes=place.tensor(f"{role}_next"),
                cells=(channels,),
                cell_axes=("o",),
                reads=(Read(place.tensor(role)), Read(place.tensor(f"batch_{role}"))),
                where=both_of_channel,
                term=moved,
                params=Running(self.momentum, correction),
                formula="(1 − momentum)·{0} + momentum·correction·{1}",
            )
            for role, correction in corrections.items()
        ]

    def why(self, inputs: Sequence[Shape]) -> list[Why]:
        """Scale and shift for each channel."""
        return [Why("params", f"{inputs[0][0]} · 2", f"{2 * inputs[0][0]:,}")]
