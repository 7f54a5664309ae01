"""Loads and stores without wrap-around, one to four numbers at once; and their simulator twins.

Numba tests every index for being negative, and nothing merges its loads. These address an array of
float32 directly: ``ld4`` is one 16-byte load, so its place must be a multiple of 4, and
shared memory that it reads has an ``alignment`` of 16.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.extending import register_jitable

from cnnsim.kernels.cuda.jit import SIMULATED

Load = Callable[..., Any]


def _intrinsics() -> tuple[Load, Load, Load, Load]:
    from llvmlite import ir
    from numba.core import cgutils as _cgutils
    from numba.core import types as _types
    from numba.cuda.extending import intrinsic

    # Numba has types for some of its functions only.
    cgutils: Any = _cgutils
    types: Any = _types

    def pointer(context: Any, builder: Any, array: Any, value: Any, at: Any) -> Any:
        held = context.make_array(array)(context, builder, value)
        return builder.gep(held.data, [at])

    def loading(count: int) -> Load:
        def load(typing_context: Any, array: Any, at: Any) -> Any:
            found = types.float32 if count == 1 else types.UniTuple(types.float32, count)

            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                base = pointer(context, builder, signature.args[0], *arguments)
                if count == 1:
                    return builder.load(base)
                space = base.type.addrspace
                wide = ir.VectorType(ir.FloatType(), count)
                whole = builder.load(builder.bitcast(base, wide.as_pointer(space)), align=4 * count)
                parts = [
                    builder.extract_element(whole, ir.Constant(ir.IntType(32), part))
                    for part in range(count)
                ]
                return cgutils.pack_array(builder, parts)

            return found(array, types.intp), generate

        load.__name__ = f"ld{count}"
        made: Load = intrinsic(load)
        return made

    def st1(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            held, place, number = arguments
            builder.store(number, pointer(context, builder, signature.args[0], held, place))
            return context.get_dummy_value()

        return types.void(array, types.intp, types.float32), generate

    def st4(typing_context: Any, array: Any, at: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            held, place, *numbers = arguments
            base = pointer(context, builder, signature.args[0], held, place)
            wide = ir.VectorType(ir.FloatType(), 4)
            whole = ir.Constant(wide, ir.Undefined)
            for part, number in enumerate(numbers):
                whole = builder.insert_element(whole, number, ir.Constant(ir.IntType(32), part))
            space = base.type.addrspace
            builder.store(whole, builder.bitcast(base, wide.as_pointer(space)), align=16)
            return context.get_dummy_value()

        return types.void(array, types.intp, *[types.float32] * 4), generate

    return loading(1), loading(4), intrinsic(st1), intrinsic(st4)


if SIMULATED:
    # The same in plain Python, which insists on the alignment too.

    def ld1(array: Any, at: int) -> Any:
        """The number at `at`."""
        assert at >= 0
        return array[at]

    def ld4(array: Any, at: int) -> Any:
        """Four numbers from `at` on, a multiple of 4."""
        assert at >= 0
        assert at % 4 == 0
        return array[at], array[at + 1], array[at + 2], array[at + 3]

    def st1(array: Any, at: int, value: Any) -> None:
        """Store a number."""
        assert at >= 0
        array[at] = value

    def st4(array: Any, at: int, a: Any, b: Any, c: Any, d: Any) -> None:
        """Store four numbers from `at` on, a multiple of 4."""
        assert at >= 0
        assert at % 4 == 0
        array[at], array[at + 1], array[at + 2], array[at + 3] = a, b, c, d

else:
    _ld1, _ld4, _st1, _st4 = _intrinsics()

    # Plain functions around them: an intrinsic has a number of its own, which would end up in the
    # key of every kernel that closes over a function that names it.

    @register_jitable
    def ld1(array: Any, at: int) -> Any:
        """The number at `at`."""
        return _ld1(array, at)

    @register_jitable
    def ld4(array: Any, at: int) -> Any:
        """Four numbers from `at` on, a multiple of 4."""
        return _ld4(array, at)

    @register_jitable
    def st1(array: Any, at: int, value: Any) -> None:
        """Store a number."""
        _st1(array, at, value)

    @register_jitable
    def st4(array: Any, at: int, a: Any, b: Any, c: Any, d: Any) -> None:
        """Store four numbers from `at` on, a multiple of 4."""
        _st4(array, at, a, b, c, d)
