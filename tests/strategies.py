"""Random numbers, windows and the layers that slide them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume, settings
from hypothesis import strategies as st
from networks import network

from cnnsim.network.graph import Network

Array = npt.NDArray[Any]


def examples(count: int) -> settings:
    """`count` examples in the ordinary run, twenty times as many in a hunt."""
    return settings(max_examples=count * (20 if os.environ.get("HYPOTHESIS_PROFILE") else 1))


@dataclass(frozen=True)
class Case:
    """One layer with its input and, for a convolution, its numbers."""

    entry: dict[str, Any]
    x: Array
    kernel: Array | None = None
    bias: Array | None = None

    @property
    def net(self) -> Network:
        """The network of this one layer."""
        return network(self.entry, shape=self.x.shape[1:], batch=len(self.x))


def fits(entry: dict[str, Any], x: Array) -> None:
    """Drop the example where the layer's window does not fit into the input."""
    assume(not network(entry, shape=x.shape[1:], batch=len(x)).errors)


def generators() -> st.SearchStrategy[np.random.Generator]:
    """Sources of numbers; small whole ones now and then, so that ties happen."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def pairs(least: int, most: int) -> st.SearchStrategy[list[int]]:
    """[height, width]."""
    return st.lists(st.integers(least, most), min_size=2, max_size=2)


def paddings(*words: str, most: int = 3) -> st.SearchStrategy[Any]:
    """A padding in any of its spellings."""
    return st.one_of(
        st.integers(0, most),
        pairs(0, most),
        st.lists(st.integers(0, most), min_size=4, max_size=4),
        st.sampled_from(words),
    )


@st.composite
def convolutions(draw: st.DrawFn, plane: int = 7) -> Case:
    """A conv2d layer that fits its input."""
    groups, group_in, group_out = (draw(st.integers(1, 3)) for _ in range(3))
    rng = draw(generators())
    x = rng.standard_normal((draw(st.integers(1, 3)), groups * group_in, *draw(pairs(1, plane))))
    kernel = rng.standard_normal((groups * group_out, group_in, *draw(pairs(1, 4))))
    entry: dict[str, Any] = {
        "type": "conv2d",
        "kernel": kernel,
        "stride": draw(st.one_of(st.integers(1, 3), pairs(1, 3))),
        "padding": draw(paddings("valid", "same", "full")),
        "dilation": draw(st.one_of(st.just(1), st.integers(1, 3), pairs(1, 3))),
        "groups": groups,
        "mode": draw(st.sampled_from(["cross_correlation", "convolution"])),
    }
    fits(entry, x)
    kind = draw(st.sampled_from(["none", "scalar", "tied", "untied"]))
    bias = None
    if kind != "none":
        output = network(entry, shape=x.shape[1:]).places["conv2d"].output
        shapes = {"scalar": (), "tied": output[:1], "untied": output}
        bias = np.asarray(rng.standard_normal(shapes[kind]))
        entry["bias"] = bias
    return Case(entry, x, kernel, bias)


@st.composite
def pools(draw: st.DrawFn, kind: str, plane: int = 8) -> Case:
    """A pool that fits its input; half of the inputs are full of ties."""
    rng = draw(generators())
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *draw(pairs(1, plane)))
    x = rng.standard_normal(shape)
    if draw(st.booleans()):
        x = rng.integers(-1, 2, shape).astype(np.float64)
    entry: dict[str, Any] = {
        "type": kind,
        "size": draw(st.one_of(st.integers(1, 4), pairs(1, 4))),
        "padding": draw(st.one_of(st.integers(0, 2), pairs(0, 2))),
        "ceil_mode": draw(st.booleans()),
    }
    stride = draw(st.one_of(st.none(), st.integers(1, 4), pairs(1, 4)))
    if stride is not None:
        entry["stride"] = stride
    if kind == "max_pool2d":
        entry["dilation"] = draw(st.one_of(st.just(1), pairs(1, 2)))
    else:
        entry["count_include_pad"] = draw(st.booleans())
    fits(entry, x)
    return Case(entry, x)


def both(value: Any) -> tuple[int, int]:
    """A number or [height, width] as (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def four_sides(entry: dict[str, Any], plane: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """(top, left, bottom, right) of a convolution's padding, by TensorFlow's rule for ``same``."""
    padding = entry["padding"]
    if padding == "valid":
        return [0, 0, 0, 0]
    if isinstance(padding, int):
        return [padding] * 4
    if isinstance(padding, list):
        return padding * (4 // len(padding))
    before, after = [], []
    for size, taps, stride, dilation in zip(
        plane, kernel, both(entry["stride"]), both(entry["dilation"]), strict=True
    ):
        reach = (taps - 1) * dilation + 1
        if padding == "full":
            before.append(reach - 1)
            after.append(reach - 1)
            continue
        total = max(reach - (size % stride or stride), 0)
        small, large = total // 2, total - total // 2
        turned = entry["mode"] == "convolution"
        before.append(large if turned else small)
        after.append(small if turned else large)
    return [before[0], before[1], after[0], after[1]]
