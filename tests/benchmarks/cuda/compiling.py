"""The kernels of the whole report, compiled side by side before anything is timed.

Every process keeps what it compiled where the others find it; alone each part would wait for its
own, one kernel after the other.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from time import perf_counter

import numpy as np

from cnnsim.kernels.lanes.chain import Refused
from tests.benchmarks.cuda import gradients, models, peers, steps
from tests.benchmarks.cuda.card import processes
from tests.benchmarks.cuda.nets import DIGITS, STEPS, data
from tests.benchmarks.cuda.row import FAILED, Row, seconds
from tests.benchmarks.lanes import Net

_THIS = "tests.benchmarks.cuda.compiling"
#: The exit code where the kernels are not for this card.
_REFUSED = 3


def digits() -> None:
    """What ``cnnsim train digits_cnn`` needs: a full batch, that at the end of an epoch, a test."""
    from cnnsim.kernels.cuda.engine import CudaEngine
    from cnnsim.scenario.reader import read_scenario

    x = np.zeros((360, *DIGITS.shape), np.float32)
    engine = CudaEngine(read_scenario("digits_cnn").iteration)
    for batch in (32, 29):
        rows = np.arange(batch)[np.newaxis]
        engine.train(x, np.zeros(360, np.int64), rows, np.full(1, 1e-3))
    engine.outputs(x)


def by_torch(net: Net) -> None:
    """What ``torch.compile`` makes of a network: it keeps most of that on disk."""
    for layout in peers.LAYOUTS:
        peers.step_of(net, steps.COMPILED, "compile", layout, *data(net))()


#: By name, what makes our kernels, the slowest first.
OURS: dict[str, Callable[[], object]] = {
    "many lenet": lambda: gradients.of_many(STEPS["lenet"]),
    "many digits_cnn": lambda: models.of_an_epoch(1),
    "digits_cnn": digits,
    **{
        f"{name}, batch {batch}": partial(steps.ours, net, batch, 0.0)
        for name, net in STEPS.items()
        for batch in steps.BATCHES
    },
    "digits_cnn, batch 64": lambda: gradients.of_one(DIGITS),
}
#: What PyTorch compiles of its own, which may be missing.
THEIRS: dict[str, Callable[[], object]] = {
    f"{name}: PyTorch compile": partial(by_torch, net) for name, net in STEPS.items()
}


def compiled(name: str, allowed: float) -> Row:
    """Make the kernels of a case in a process of its own."""
    began = perf_counter()
    try:
        finished = subprocess.run(
            [sys.executable, "-m", _THIS, name],
            capture_output=True, text=True, timeout=allowed, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        verdict = FAILED if name in OURS else ""
        return Row("compiling", name, "not done", "", verdict, f"after {allowed:.0f} s")
    took = seconds(perf_counter() - began)
    if finished.returncode:
        said = (finished.stderr.strip() or "nothing was said").splitlines()[-1][:120]
        if finished.returncode == _REFUSED:
            return Row("compiling", name, "not run", "", "", said)
        return Row("compiling", name, "failed", "", FAILED, said)
    return Row("compiling", name, took, "", "", "beside the others, the process's start included")


def measure(allowed: float) -> Iterator[Row]:
    """How long each takes beside the others."""
    why = peers.why_not()
    if why:
        yield Row("compiling", "PyTorch", "not run", "", "", why)
    names = [*OURS, *([] if why else THEIRS)]
    with ThreadPoolExecutor(processes()) as pool:
        for done in as_completed([pool.submit(compiled, name, allowed) for name in names]):
            yield done.result()


if __name__ == "__main__":
    try:
        {**OURS, **THEIRS}[sys.argv[1]]()
    except Refused as reason:
        print(reason, file=sys.stderr)
        sys.exit(_REFUSED)
