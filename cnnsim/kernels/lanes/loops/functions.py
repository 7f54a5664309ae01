"""exp, log, tanh and the activations, of vectors; within two units of the last place of float32.

Ranges are reduced and polynomials evaluated as in the Cephes library (S. L. Moshier).
"""

from __future__ import annotations

from typing import Any

from cnnsim.kernels.lanes.codes import LEAKY_RELU, NONE, RELU, SIGMOID
from cnnsim.kernels.lanes.loops.compiling import inlined, kernel
from cnnsim.kernels.lanes.loops.inside import exponent, mantissa, numbers, power_of_two
from cnnsim.kernels.lanes.loops.vector import (
    multiply_add,
    nearest,
    size,
    spread,
    where_equal,
    where_greater,
)


@kernel
def larger(a: Any, b: Any) -> Any:
    """The larger of each lane; of a NaN and a number the second one."""
    return where_greater(a, b, a, b)


@inlined
def first_of(m: Any, count: int, value: Any, other: Any) -> Any:
    """The first `count` lanes of `value`, the rest of `other`."""
    return where_greater(spread(m, float(count)), numbers(m), value, other)


@kernel
def exp(m: Any, x: Any) -> Any:
    """e^x, also where it is infinite, or too small to be a normal number."""
    # e^x = 2^n · e^r with |r| <= log(2)/2; log(2) in two parts, so that r is exact.
    x = where_greater(x, spread(m, 89.0), spread(m, 89.0), x)
    x = where_greater(spread(m, -104.0), x, spread(m, -104.0), x)
    n = nearest(x * spread(m, 1.44269504))
    r = multiply_add(n, spread(m, -0.693359375), x)
    r = multiply_add(n, spread(m, 2.12194440e-4), r)
    p = multiply_add(spread(m, 1.9875691500e-4), r, spread(m, 1.3981999507e-3))
    p = multiply_add(p, r, spread(m, 8.3334519073e-3))
    p = multiply_add(p, r, spread(m, 4.1665795894e-2))
    p = multiply_add(p, r, spread(m, 1.6666665459e-1))
    p = multiply_add(p, r, spread(m, 5.0000001201e-1))
    y = multiply_add(p, r * r, r) + spread(m, 1.0)
    # In two factors: 2^n alone may be out of range where the result is not.
    half = nearest(n * spread(m, 0.5))
    return y * power_of_two(half) * power_of_two(n - half)


@kernel
def log(m: Any, x: Any) -> Any:
    """The natural logarithm; −∞ of 0, NaN of less."""
    tiny = spread(m, 1.1754944e-38)
    normal = where_greater(tiny, x, x * spread(m, 8388608.0), x)
    n = where_greater(tiny, x, spread(m, -23.0), spread(m, 0.0)) + exponent(normal)
    f = mantissa(normal)
    # From √½ to √2.
    above = where_greater(f, spread(m, 1.41421356), spread(m, 1.0), spread(m, 0.0))
    n = n + above
    f = where_greater(above, spread(m, 0.0), f * spread(m, 0.5), f) - spread(m, 1.0)
    p = multiply_add(spread(m, 7.0376836292e-2), f, spread(m, -1.1514610310e-1))
    p = multiply_add(p, f, spread(m, 1.1676998740e-1))
    p = multiply_add(p, f, spread(m, -1.2420140846e-1))
    p = multiply_add(p, f, spread(m, 1.4249322787e-1))
    p = multiply_add(p, f, spread(m, -1.6668057665e-1))
    p = multiply_add(p, f, spread(m, 2.0000714765e-1))
    p = multiply_add(p, f, spread(m, -2.4999993993e-1))
    p = multiply_add(p, f, spread(m, 3.3333331174e-1))
    z = f * f
    y = multiply_add(n, spread(m, -2.12194440e-4), p * f * z)
    y = multiply_add(spread(m, -0.5), z, y)
    y = multiply_add(n, spread(m, 0.693359375), f + y)
    nothing = spread(m, 0.0)
    infinite = spread(m, 3.4028235e38) * spread(m, 2.0)
    y = where_equal(x, infinite, infinite, y)
    y = where_equal(x, nothing, nothing - infinite, y)
    y = where_greater(nothing, x, infinite - infinite, y)
    return where_equal(x, x, y, x)


@kernel
def sigmoid(m: Any, x: Any) -> Any:
    """1 / (1 + e^−x)."""
    one = spread(m, 1.0)
    return one / (one + exp(m, spread(m, 0.0) - x))


@kernel
def tanh(m: Any, x: Any) -> Any:
    """The hyperbolic tangent: by a polynomial near 0, else by e^2x."""
    z = x * x
    p = multiply_add(spread(m, -5.70498872745e-3), z, spread(m, 2.06390887954e-2))
    p = multiply_add(p, z, spread(m, -5.37397155531e-2))
    p = multiply_add(p, z, spread(m, 1.33314422036e-1))
    p = multiply_add(p, z, spread(m, -3.33332819422e-1))
    near = multiply_add(p * z, x, x)
    one, two = spread(m, 1.0), spread(m, 2.0)
    far = one - two / (exp(m, two * size(x)) + one)
    far = where_greater(spread(m, 0.0), x, spread(m, 0.0) - far, far)
    return where_greater(size(x), spread(m, 0.625), far, near)


@kernel
def _curve(m: Any, kind: int, x: Any) -> Any:
    """The activations that need an exponential."""
    if kind == SIGMOID:
        return sigmoid(m, x)
    return tanh(m, x)


@inlined
def activate(m: Any, kind: int, slope: float, x: Any) -> Any:
    """The activation of number `kind`; `slope` is the leaky ReLU's."""
    zero = spread(m, 0.0)
    if kind == NONE:
        return x
    if kind == RELU:
        return where_greater(zero, x, zero, x)
    if kind == LEAKY_RELU:
        return where_greater(x, zero, x, spread(m, slope) * x)
    return _curve(m, kind, x)


@inlined
def activate_back(m: Any, kind: int, slope: float, y: Any, dy: Any) -> Any:
    """The gradient before the activation, from its output `y` and the gradient of that."""
    zero, one = spread(m, 0.0), spread(m, 1.0)
    if kind == NONE:
        return dy
    if kind == RELU:
        return where_greater(y, zero, dy, zero)
    if kind == LEAKY_RELU:
        return where_greater(y, zero, dy, spread(m, slope) * dy)
    if kind == SIGMOID:
        return dy * y * (one - y)
    return dy * (one - y * y)
