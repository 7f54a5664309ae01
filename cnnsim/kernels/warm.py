"""Compiling ahead in another process.

The compiler holds the interpreter's lock, so an app that compiles in a thread stutters. A second
process that fills the cache does not disturb it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256

import numpy as np

from cnnsim.kernels.cache import kernel_cache
from cnnsim.kernels.fill import Progress
from cnnsim.steps.sweep import Start, Sweep

#: Seconds after which the caller compiles itself.
_PATIENCE = 120


def warm(
    sweeps: Sequence[Sweep],
    shapes: Mapping[str, tuple[int, ...]],
    single: Sequence[str],
    report: Callable[[Progress], None],
) -> None:
    """Compile in another process those kernels of `sweeps` that it has not compiled before.

    `shapes` are those of all tensors, `single` the tensors that are float32. What does not work
    out here is compiled by whoever needs it.
    """
    folder = kernel_cache()
    shapes = {name: shapes[name] for sweep in sweeps for name in sweep.tensors}
    marks = {folder / f"{_mark(sweep, shapes, single)}.warm": sweep for sweep in sweeps}
    missing = {mark: sweep for mark, sweep in marks.items() if not mark.exists()}
    if not missing:
        return
    first, *_ = missing.values()
    report(Progress("compiling", first.full_name, 0.0))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cnnsim.kernels.warm"],
            input=pickle.dumps((list(missing.values()), shapes, list(single))),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        for mark in missing if done.returncode == 0 else ():
            mark.touch()
    except (OSError, subprocess.SubprocessError, pickle.PicklingError):
        return


def _mark(sweep: Sweep, shapes: Mapping[str, tuple[int, ...]], single: Sequence[str]) -> str:
    """The same for sweeps of one rule over tensors of the same types and shapes."""
    start = sweep.start.where if isinstance(sweep.start, Start) else None
    rules = (sweep.where, sweep.term, sweep.finish, start)
    names = [f"{rule.__module__}.{rule.__qualname__}" for rule in rules if rule is not None]
    reads = [read.outside for read in sweep.reads]
    types = [(shapes[name], name in single) for name in sweep.tensors]
    kernel = (names, sweep.fold and sweep.fold.name, reads, types, sweep.cells, sweep.taps)
    return sha256(repr((kernel, sweep.params)).encode()).hexdigest()[:16]


def _compile() -> None:
    """Compile what standard input names; the sweeps are pickled by the name of their functions."""
    from cnnsim.kernels.compiled import compile_sweep
    from cnnsim.kernels.places import TooLarge

    sweeps, shapes, single = pickle.load(sys.stdin.buffer)
    # Nothing is written to these: they take no memory.
    tensors = {
        name: np.empty(shape, np.float32 if name in single else np.float64)
        for name, shape in shapes.items()
    }
    for sweep in sweeps:
        with suppress(TooLarge):
            compile_sweep(sweep, tensors)


if __name__ == "__main__":
    _compile()
