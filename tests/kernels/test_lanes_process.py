"""The lanes in processes of their own: without a cache, and with a thread that does not come."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from cnnsim.kernels.lanes.loops.barrier import meet
from cnnsim.kernels.lanes.team import Team, barrier

_TRAIN = """
import numpy as np
from lanes_nets import NETS, batch_of, drawn, iteration
from cnnsim.kernels.lanes.engine import LanesEngine
of = iteration(*NETS["article"])
engine = LanesEngine(of, 2, lanes=4)
engine.load(drawn(of))
x, target = batch_of(of, "softmax_cross_entropy", 8, 2)
print(len(engine.train(x, target, np.arange(8)[None], np.ones(1))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set by XDG")
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    tests = Path(__file__).parent
    paths = [str(tests), str(tests.parent), str(tests.parent.parent)]
    finished = subprocess.run(
        [sys.executable, "-c", _TRAIN],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "XDG_CACHE_HOME": str(blocked),
            "NUMBA_OPT": "0",
            "PYTHONPATH": os.pathsep.join(paths),
        },
    )
    assert finished.stdout.strip() == "1", finished.stderr
    assert blocked.read_text() == "in the way"


def test_nobody_waits_for_a_thread_that_failed() -> None:
    @njit(nogil=True)
    def arrive(shared: np.ndarray) -> bool:
        return meet(shared, 2)

    shared, came = barrier(), []

    def work(thread: int) -> None:
        if thread == 1:
            raise RuntimeError("out of order")
        came.append(arrive(shared))

    team = Team()
    with pytest.raises(RuntimeError, match="out of order"):
        team.run(work, 2, shared)
    assert came == [False]
    # The next time everything is as new.
    team.run(lambda thread: came.append(arrive(again)), 2, again := barrier())
    assert came == [False, True, True]
