"""Compiled code that calls other compiled code by its address."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils

from cnnsim.kernels.lanes.loops.compiling import primitive

_cgutils: Any = cgutils


@primitive
def call_at(typing: Any, address: Any, arguments: Any) -> Any:
    """Call what `cnnsim.kernels.jit.native` marks, at its address; what it returned, 0 if all went
    well.

    It is compiled for arguments of just these types, for nobody checks.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kinds = sig.args[1].types
        values = _cgutils.unpack_tuple(builder, args[1], len(kinds))
        called = context.call_conv.get_function_type(types.none, kinds)
        # Room for what it returns, and for what it raises.
        room = [_cgutils.alloca_once(builder, kind.pointee) for kind in called.args[:2]]
        words = context.get_arg_packer(kinds).as_arguments(builder, values)
        return builder.call(builder.inttoptr(args[0], called.as_pointer()), [*room, *words])

    return types.int32(types.int64, arguments), emit
