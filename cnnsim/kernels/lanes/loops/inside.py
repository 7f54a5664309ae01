"""What looks into a vector: at its lanes one by one, and at the bits of its floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from cnnsim.kernels.lanes.loops.compiling import primitive
from cnnsim.kernels.lanes.loops.vector import INT, vector_of, wide


def _folded(fold: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """A function of one vector that folds its halves, and those of the result, down to a float."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (value,) = args
        count = sig.args[0].lanes
        while count > 1:
            count //= 2
            low, high = (
                builder.shuffle_vector(
                    value,
                    value,
                    ir.Constant(ir.VectorType(INT, count), list(range(first, first + count))),
                )
                for first in (0, count)
            )
            value = fold(builder, low, high)
        return builder.extract_element(value, INT(0))

    return primitive(lambda typing, a: (types.float32(a), emit))


#: The sum of the lanes, halves added to halves.
total = _folded(lambda builder, low, high: builder.fadd(low, high))
#: The largest of the lanes.
highest = _folded(
    lambda builder, low, high: builder.select(builder.fcmp_ordered(">", high, low), high, low)
)


@primitive
def power_of_two(typing: Any, a: Any) -> Any:
    """Two to the power of each lane, a whole number from −126 to 127."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = ir.VectorType(INT, a.lanes)
        number = builder.fptosi(args[0], whole)
        biased = builder.add(number, ir.Constant(whole, [127] * a.lanes))
        bits = builder.shl(biased, ir.Constant(whole, [23] * a.lanes))
        return builder.bitcast(bits, wide(a.lanes))

    return a(a), emit


@primitive
def exponent(typing: Any, a: Any) -> Any:
    """The power of two in each lane, a positive normal number."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = ir.VectorType(INT, a.lanes)
        bits = builder.lshr(builder.bitcast(args[0], whole), ir.Constant(whole, [23] * a.lanes))
        return builder.sitofp(builder.sub(bits, ir.Constant(whole, [127] * a.lanes)), wide(a.lanes))

    return a(a), emit


@primitive
def mantissa(typing: Any, a: Any) -> Any:
    """Each lane, a positive normal number, divided by its power of two: 1 to 2."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = ir.VectorType(INT, a.lanes)
        bits = builder.bitcast(args[0], whole)
        kept = builder.and_(bits, ir.Constant(whole, [0x7FFFFF] * a.lanes))
        return builder.bitcast(
            builder.or_(kept, ir.Constant(whole, [0x3F800000] * a.lanes)), wide(a.lanes)
        )

    return a(a), emit


@primitive
def numbers(typing: Any, m: Any) -> Any:
    """0, 1, 2, … in the lanes of a vector."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(wide(m.lanes), [float(lane) for lane in range(m.lanes)])

    return vector_of(m)(m), emit
