"""Digits of numbers: what row and which column a thread's share of some work is.

Numba counts in 64 bits, of which GPUs have half as many in a register: a division by a constant
takes five times the instructions that it takes in 32.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from cnnsim.kernels.cuda.jit import SIMULATED


def _intrinsic() -> Any:
    from llvmlite import ir
    from numba.core import cgutils as _cgutils
    from numba.core import types as _types
    from numba.cuda.extending import intrinsic

    # Numba has types for some of its functions only.
    cgutils: Any = _cgutils
    types: Any = _types

    def split(typing_context: Any, number: Any, base: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            half, whole = ir.IntType(32), ir.IntType(64)
            short, by = (builder.trunc(argument, half) for argument in arguments)
            quotient = builder.udiv(short, by)
            rest = builder.sub(short, builder.mul(quotient, by))
            return cgutils.pack_array(
                builder, [builder.zext(each, whole) for each in (quotient, rest)]
            )

        return types.UniTuple(types.int64, 2)(types.int64, types.int64), generate

    return intrinsic(split)


if SIMULATED:

    def split(number: int, base: int) -> Any:
        """``divmod`` of numbers from 0 to 2³²."""
        assert 0 <= number < 1 << 32
        return divmod(number, base)

else:
    _split = _intrinsic()

    # As in `loads`: an intrinsic has a number of its own.
    @register_jitable
    def split(number: int, base: int) -> Any:
        """``divmod`` of numbers from 0 to 2³²."""
        return _split(number, base)
