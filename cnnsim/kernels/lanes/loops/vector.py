"""A vector of 16, 8 or 4 floats in a register, as a type that compiled code can name.

Floats live in one flat memory: an array whose *type* says how many lanes a vector has (`memory`),
so that one kernel compiles for every width. Places in it are counted in floats. A `Vector` takes
+, −, ·, / and the functions below.

LLVM does the rest: on a CPU with narrower registers a vector becomes two or four of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from cnnsim.kernels.lanes.loops.compiling import primitive, primitive_of_constants

FLOAT = ir.FloatType()
#: How far the next float is. No literal: of those each would have a function compiled for it alone.
NEXT: Any = np.int64(1)
#: Parts of Numba that have no types.
_get_function: Any = cgutils.get_or_insert_function
_infer, _lower, _signature = (cast(Any, part) for part in (infer_global, lower_builtin, signature))
INT = ir.IntType(32)


class Vector(types.Type):
    """The Numba type of `lanes` floats side by side."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"Vector({lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vector) -> None:
        super().__init__(manager, fe_type, wide(fe_type.lanes))  # type: ignore[no-untyped-call]


def wide(lanes: int) -> Any:
    """The LLVM type of `lanes` floats."""
    return ir.VectorType(FLOAT, lanes)


# ---- memory --------------------------------------------------------------------------------------


class Memory(types.Type):
    """The Numba type of a memory inside compiled code: just its address, which nobody counts."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(name=f"Memory({lanes})")


@register_model(Memory)
class _MemoryModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Memory) -> None:
        super().__init__(manager, fe_type, FLOAT.as_pointer())  # type: ignore[no-untyped-call]


@primitive
def memory_of(typing: Any, array: Any) -> Any:
    """The memory that `memory` made, for use in compiled code."""
    (extent,) = array.dtype.fields["lanes"].type.shape

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(array)(context, builder, args[0]).data
        return builder.bitcast(data, FLOAT.as_pointer())

    return Memory(int(extent))(array), emit


@primitive_of_constants
def narrow(typing: Any, m: Any, count: Any) -> Any:
    """The same memory with vectors of `count` floats, for what is never longer."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return Memory(count.literal_value)(m, count), emit


def lanes_of(m: Memory) -> int:
    """How many lanes the vectors of a memory have."""
    return m.lanes


def vector_of(m: Memory) -> Vector:
    """The type of what is read from a memory of this type."""
    return Vector(m.lanes)


def pointer(builder: Any, base: Any, place: Any, pointee: Any) -> Any:
    """The LLVM address of the float at `place`, as that of a `pointee`."""
    return builder.bitcast(builder.gep(base, [place]), pointee.as_pointer())


def load_at(builder: Any, lanes: int, base: Any, place: Any) -> Any:
    """The LLVM value of the vector at `place`."""
    return builder.load(pointer(builder, base, place, wide(lanes)), align=4)


def store_at(builder: Any, base: Any, place: Any, value: Any) -> None:
    """Put an LLVM value, of a vector or of a float, at `place`."""
    builder.store(value, pointer(builder, base, place, value.type), align=4)


def read_at(builder: Any, base: Any, place: Any) -> Any:
    """The LLVM value of the one float at `place`."""
    return builder.load(pointer(builder, base, place, FLOAT), align=4)


def spread_out(builder: Any, value: Any, lanes: int) -> Any:
    """The LLVM value of a vector with `value` in every lane."""
    nothing = ir.Constant(wide(lanes), ir.Undefined)
    first = builder.insert_element(nothing, value, INT(0))
    everywhere = ir.Constant(ir.VectorType(INT, lanes), [0] * lanes)
    return builder.shuffle_vector(first, nothing, everywhere)


@primitive
def lanes(typing: Any, m: Any) -> Any:
    """How many floats a vector of `m` has."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.get_constant(types.int64, lanes_of(m))

    return types.int64(m), emit


@primitive
def load(typing: Any, m: Any, place: Any) -> Any:
    """The vector at `place`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return load_at(builder, m.lanes, *args)

    return vector_of(m)(m, types.int64), emit


@primitive
def load_from(typing: Any, m: Any, array: Any, place: Any) -> Any:
    """The vector, as wide as those of `m`, at `place` of a plain array of float32."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        base = context.make_array(array)(context, builder, args[1]).data
        return load_at(builder, m.lanes, base, args[2])

    return vector_of(m)(m, array, types.int64), emit


@primitive
def store(typing: Any, m: Any, place: Any, value: Any) -> Any:
    """Put a vector at `place`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        store_at(builder, *args)
        return context.get_dummy_value()

    return types.void(m, types.int64, vector_of(m)), emit


@primitive
def store_first(typing: Any, m: Any, place: Any, count: Any, value: Any) -> Any:
    """Put the first `count` lanes of a vector at `place`, and leave what follows alone."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        base, place, count, value = args
        lanes = m.lanes
        whole = ir.VectorType(INT, lanes)
        some = builder.trunc(count, INT)
        first = builder.insert_element(ir.Constant(whole, ir.Undefined), some, INT(0))
        zero = ir.Constant(whole, [0] * lanes)
        counts = builder.shuffle_vector(first, ir.Constant(whole, ir.Undefined), zero)
        mask = builder.icmp_signed("<", ir.Constant(whole, list(range(lanes))), counts)
        at = pointer(builder, base, place, value.type)
        kind = ir.FunctionType(ir.VoidType(), [value.type, at.type, INT, mask.type])
        name = f"llvm.masked.store.v{lanes}f32.p0v{lanes}f32"
        function = _get_function(builder.module, kind, name)
        builder.call(function, [value, at, INT(4), mask])
        return context.get_dummy_value()

    return types.void(m, types.int64, types.int64, vector_of(m)), emit


@primitive
def read(typing: Any, m: Any, place: Any) -> Any:
    """The one float at `place`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return read_at(builder, *args)

    return types.float32(m, types.int64), emit


@primitive
def write(typing: Any, m: Any, place: Any, value: Any) -> Any:
    """Put one float at `place`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        store_at(builder, *args)
        return context.get_dummy_value()

    return types.void(m, types.int64, types.float32), emit


@primitive
def spread(typing: Any, m: Any, value: Any) -> Any:
    """`value` in every lane of a vector as wide as those of `m`."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread_out(builder, args[1], lanes_of(m))

    return vector_of(m)(m, types.float32), emit


# ---- arithmetic ----------------------------------------------------------------------------------


def call(builder: Any, name: str, *arguments: Any) -> Any:
    """LLVM's own function `name` of vectors."""
    kind = arguments[0].type
    function = _get_function(
        builder.module,
        ir.FunctionType(kind, [argument.type for argument in arguments]),
        f"llvm.{name}.v{kind.count}f32",
    )
    return builder.call(function, arguments)


def _operator(function: Any, emit: Callable[[Any, Any, Any], Any]) -> None:
    """Let `function`, such as operator.add, take two vectors."""

    @_infer(function)
    class Rule(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
                return _signature(args[0], *args)
            return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return emit(builder, *args)

    _lower(function, Vector, Vector)(lower)


_operator(operator.add, lambda builder, a, b: builder.fadd(a, b))
_operator(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_operator(operator.mul, lambda builder, a, b: builder.fmul(a, b))
_operator(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))


def _function(name: str, count: int) -> Any:
    """LLVM's function `name` of `count` vectors, for use in compiled code."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return call(builder, name, *args)

    if count == 1:
        return primitive(lambda typing, a: (a(a), emit))
    return primitive(lambda typing, a, b, c: (a(a, b, c), emit))


#: a · b + c, in one instruction where the CPU has it.
multiply_add = _function("fmuladd", 3)
#: The square root of each lane.
root = _function("sqrt", 1)
#: Each lane's nearest whole number, halves to the even one.
nearest = _function("rint", 1)
#: The absolute value of each lane.
size = _function("fabs", 1)


def _choice(relation: str) -> Any:
    """In each lane x where a `relation` b, else y."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a, b, x, y = args
        return builder.select(builder.fcmp_ordered(relation, a, b), x, y)

    return primitive(lambda typing, a, b, x, y: (a(a, b, x, y), emit))


#: ``where_greater(a, b, x, y)``: in each lane x where a > b, else y.
where_greater = _choice(">")
#: ``where_equal(a, b, x, y)``: in each lane x where a = b, else y.
where_equal = _choice("==")


def beats(builder: Any, a: Any, b: Any) -> Any:
    """Where `a` > `b`, or `a` is no number: then it is the largest, as in PyTorch's max pools."""
    return builder.or_(builder.fcmp_ordered(">", a, b), builder.fcmp_unordered("uno", a, a))


@primitive
def where_beats(typing: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """In each lane x where a beats b, else y."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(beats(builder, args[0], args[1]), args[2], args[3])

    return a(a, b, x, y), emit
