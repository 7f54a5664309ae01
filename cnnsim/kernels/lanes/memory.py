"""The memory that compiled code works in."""

from __future__ import annotations

from typing import Any

import numpy as np


def memory(size: int, lanes: int) -> np.ndarray[Any, Any]:
    """Zeros: `size` floats, a multiple of `lanes`, from a cache line on; the dtype says `lanes`."""
    raw = np.zeros(size + 16, np.float32)
    skip = -raw.ctypes.data % 64 // 4
    return raw[skip : skip + size].view([("lanes", np.float32, (lanes,))])
