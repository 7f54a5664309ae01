"""A convolution's two gradients as sweeps of their own, written a second time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy.typing as npt
from hypothesis import strategies as st
from strategies import Case, convolutions, generators

from cnnsim.steps.sweep import ADD, FAR, Read, Sweep, product

Array = npt.NDArray[Any]


class Geometry(NamedTuple):
    """A convolution's, for its gradients."""

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    left: int


@dataclass(frozen=True)
class Gradients:
    """The sweeps of a convolution's gradients, with the tensors that they read."""

    case: Case
    dy: Array
    input: Sweep
    kernel: Sweep
    tensors: dict[str, Array]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the tensors."""
        return {name: tensor.shape for name, tensor in self.tensors.items()}


@st.composite
def gradients(draw: st.DrawFn) -> Gradients:
    """A convolution (one group) with an output gradient, and the sweeps of its two gradients."""
    case = draw(convolutions(plane=5).filter(lambda each: each.entry["groups"] == 1))
    assert case.kernel is not None
    entry = {**case.entry, "mode": "cross_correlation", "bias": "none"}
    case = Case(entry, case.x, case.kernel)
    dy = draw(generators()).standard_normal(case.net.places["conv2d"].cells)
    return gradients_of(case, dy)


def gradients_of(case: Case, dy: Array) -> Gradients:
    """The gradients' sweeps of a convolution of one group for the output gradient `dy`."""
    assert case.kernel is not None
    window = case.net.layers[0].field([case.x.shape[1:]])
    assert window is not None
    geometry = Geometry(
        window.stride_h, window.stride_w, window.dilation_h, window.dilation_w,
        window.top, window.left,
    )  # fmt: skip
    into, first = input_gradient(dy, case.kernel, case.x.shape, geometry)
    onto, second = kernel_gradient(dy, case.x, case.kernel.shape, geometry)
    return Gradients(case, dy, into, onto, first | second)


def input_gradient(
    dy: Array, w: Array, x_shape: tuple[int, ...], geometry: Geometry
) -> tuple[Sweep, dict[str, Array]]:
    """The sweep that fills ``conv.dx``: cell [n,c,y,x], tap [o,i,j], holes where nothing fits."""
    sweep = Sweep(
        layer="conv",
        name="input_grad",
        writes="conv.dx",
        cells=x_shape,
        cell_axes=("n", "c", "y", "x"),
        taps=(w.shape[0], *w.shape[2:]),
        tap_axes=("o", "i", "j"),
        reads=(Read("conv.dy", None), Read("conv.w")),
        where=where_input_gradient,
        term=product,
        fold=ADD,
        params=geometry,
    )
    return sweep, {"conv.dy": dy, "conv.w": w}


def where_input_gradient(cell: Any, tap: Any, p: Any) -> tuple[Any, ...]:
    """The output cell whose window covers the pixel with this tap, or far away; and the weight."""
    n, c, y, x = cell
    o, i, j = tap
    row = y + p.top - i * p.dilation_h
    column = x + p.left - j * p.dilation_w
    far = FAR * ((row % p.stride_h != 0) | (column % p.stride_w != 0))
    return (n, o, row // p.stride_h + far, column // p.stride_w), (o, c, i, j)


def kernel_gradient(
    dy: Array, x: Array, w_shape: tuple[int, ...], geometry: Geometry
) -> tuple[Sweep, dict[str, Array]]:
    """The sweep that fills ``conv.dw``: cell [o,c,i,j], tap [n,y,x]."""
    sweep = Sweep(
        layer="conv",
        name="kernel_grad",
        writes="conv.dw",
        cells=w_shape,
        cell_axes=("o", "c", "i", "j"),
        taps=(dy.shape[0], *dy.shape[2:]),
        tap_axes=("n", "y", "x"),
        reads=(Read("input"), Read("conv.dy")),
        where=where_kernel_gradient,
        term=product,
        fold=ADD,
        params=geometry,
    )
    return sweep, {"input": x, "conv.dy": dy}


def where_kernel_gradient(cell: Any, tap: Any, p: Any) -> tuple[Any, ...]:
    """The pixel that the kernel element met at output [n,o,y,x], and that output's gradient."""
    o, c, i, j = cell
    n, y, x = tap
    row = y * p.stride_h + i * p.dilation_h - p.top
    column = x * p.stride_w + j * p.dilation_w - p.left
    return (n, c, row, column), (n, o, y, x)
