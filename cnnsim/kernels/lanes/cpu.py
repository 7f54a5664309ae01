"""How wide the vectors of this machine are."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm


@cache
def host_lanes() -> int:
    """Floats that fill a register: 16 with AVX-512, 8 with AVX, else 4."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx") else 4
