"""Tests of CUDA kernels run on a GPU, or in Numba's simulator, which wants a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnsim.kernels.cuda.device import is_available, is_simulated

ROOT = Path(__file__).parents[1]

#: Whether kernels can be launched in this process; their modules can be imported only then.
CAN_LAUNCH = is_simulated() or is_available()
#: For tests that launch kernels.
launches = pytest.mark.skipif(not CAN_LAUNCH, reason="no GPU here: see test_..._in_the_simulator")
#: For the one test of a file that runs the others in the simulator, where there is no GPU.
without_a_gpu = pytest.mark.skipif(CAN_LAUNCH, reason="the other tests run right here")


def run_in_simulator(file: str) -> None:
    """Run the tests of a file in a process where kernels are plain Python."""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", file],
        cwd=ROOT,
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
