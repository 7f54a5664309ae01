"""A whole tensor by the general compiled kernel, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnsim.kernels.folding import CHUNK, Folder
from cnnsim.kernels.places import memory_order
from cnnsim.steps.sweep import Sweep
from cnnsim.steps.taps import FloatArray
from cnnsim.steps.work import Tensors

#: So many taps are done before other threads would have begun.
_ALONE = 500_000


def compile_sweep(sweep: Sweep, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    """Compile the kernel of `sweep`; of `tensors` only types and shapes matter.

    Raises TooLarge.
    """
    Folder(sweep, tensors, np.empty(sweep.cells, np.float64))(0, 0)


def fill_compiled(
    sweep: Sweep,
    tensors: Tensors,
    threads: int,
    progress: Callable[[float], None] = lambda share: None,
) -> FloatArray:
    """The tensor that `sweep` writes, in float64; `progress` hears of the share that is done.

    Raises TooLarge, and whatever `progress` raises, which is how a caller stops it.
    """
    out = np.empty(sweep.cells, np.float64)
    run = Folder(sweep, {name: _dense(tensors[name]) for name in sweep.tensors}, out)
    run(0, 0)  # compiles, or loads what was compiled
    run.prepare()
    units = run.units
    if sweep.steps <= _ALONE:
        run(0, units)
        progress(1.0)
        return out
    # About 2 million taps a piece: milliseconds, so progress is smooth and a stop is prompt.
    taps = min(CHUNK, -(-sweep.cell_count // units)) * sweep.tap_count
    piece = max(1, min(-(-units // (2 * threads)), 2_000_000 // taps + 1))
    pieces = [(first, min(first + piece, units)) for first in range(0, units, piece)]

    def work(piece: tuple[int, int]) -> None:
        run(*piece)

    with ThreadPoolExecutor(threads) as pool:
        try:
            for done, _ in enumerate(pool.map(work, pieces), 1):
                progress(done / len(pieces))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return out


def _dense(tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`tensor` without gaps between its numbers."""
    is_dense = tensor.transpose(memory_order(tensor)).flags.c_contiguous
    return tensor if is_dense else np.ascontiguousarray(tensor)
