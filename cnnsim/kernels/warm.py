"""Compiling ahead in another process.

The compiler holds the interpreter's lock, so an app that compiles in a thread stutters. A second
process that fills the cache does not disturb it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cnnsim.kernels.cache import kernel_cache
from cnnsim.kernels.fill import Progress
from cnnsim.steps.sweep import Sweep

#: Seconds after which the caller compiles itself.
_PATIENCE = 120


def warm(
    sweeps: Sequence[Sweep],
    shapes: Mapping[str, tuple[int, ...]],
    single: Sequence[str],
    report: Callable[[Progress], None],
) -> None:
    """Compile the kernels of `sweeps` in another process unless the cache has been filled before.

    `shapes` are those of all tensors, `single` the tensors that are float32. What does not work
    out here is compiled by whoever needs it.
    """
    if not sweeps or any(kernel_cache().rglob("*.nbi")):
        return
    report(Progress("compiling", sweeps[0].full_name, 0.0))
    ranks = {name: len(shapes[name]) for sweep in sweeps for name in sweep.tensors}
    try:
        subprocess.run(
            [sys.executable, "-m", "cnnsim.kernels.warm"],
            input=pickle.dumps((list(sweeps), ranks, list(single))),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, pickle.PicklingError):
        return


def _compile() -> None:
    """Compile what standard input names; the sweeps are pickled by the name of their functions."""
    from cnnsim.kernels.reference import compile_sweep

    sweeps, ranks, single = pickle.load(sys.stdin.buffer)
    tensors = {
        name: np.zeros((1,) * rank, np.float32 if name in single else np.float64)
        for name, rank in ranks.items()
    }
    for sweep in sweeps:
        compile_sweep(sweep, tensors)


if __name__ == "__main__":
    _compile()
