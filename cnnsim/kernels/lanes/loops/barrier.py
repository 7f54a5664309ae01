"""Threads wait for each other inside compiled code.

A step takes a fraction of a millisecond, less than it takes Python to wake a thread: so threads
spin, and give way to others once they have spun for a while. Should a thread not come, whoever
notices sets `ABORTED`, and nobody waits any longer.
"""

from __future__ import annotations

import os
from typing import Any

from llvmlite import ir
from numba import types

from cnnsim.kernels.lanes.loops.compiling import kernel, primitive
from cnnsim.kernels.lanes.team import ABORTED, ARRIVED, ROUND

#: Looks at the clock of the others before giving way.
_SPINS = 2000


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


@primitive
def _look(typing: Any, shared: Any, place: Any) -> Any:
    """The number at `place`, as other threads left it."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load_atomic(_address(context, builder, shared, *args), "acquire", 8)

    return types.int64(shared, types.int64), emit


@primitive
def _put(typing: Any, shared: Any, place: Any, value: Any) -> Any:
    """Set the number at `place` for other threads to see."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = _address(context, builder, shared, *args[:2])
        builder.store_atomic(args[2], at, "release", 8)
        return context.get_dummy_value()

    return types.void(shared, types.int64, types.int64), emit


@primitive
def _count(typing: Any, shared: Any, place: Any) -> Any:
    """Add 1 to the number at `place`; what it was before."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", _address(context, builder, shared, *args), one, "acq_rel")

    return types.int64(shared, types.int64), emit


_has_yield = os.name == "posix"
_sched_yield = types.ExternalFunction("sched_yield", types.int32())


@kernel
def meet(shared: Any, threads: int) -> bool:
    """Wait until all threads are here. False where they will not come."""
    if threads == 1:
        return True
    now = _look(shared, ROUND)
    if _count(shared, ARRIVED) == threads - 1:
        _put(shared, ARRIVED, 0)
        _put(shared, ROUND, now + 1)
        return True
    spins = 0
    while _look(shared, ROUND) == now:
        if _look(shared, ABORTED) != 0:
            return False
        spins += 1
        if _has_yield and spins > _SPINS:
            _sched_yield()
    return True
